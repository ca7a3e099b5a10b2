"""Calls the whole API with the generated client: python journey.py BINARY FOLDER, with the client in PYTHONPATH."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
from asteroid_client import AuthenticatedClient, Client
from asteroid_client import models as m
from asteroid_client.api.authentication import (
    change_password,
    forgot_password,
    login,
    me,
    register,
    reset_password,
    send_autofill_codes,
    send_codes,
    verify_code,
)
from asteroid_client.api.clients import list_clients, show_client
from asteroid_client.api.operations import healthz, readyz
from asteroid_client.api.sessions import end_other_sessions, end_session, list_sessions, logout
from asteroid_client.api.terms import accept_terms, show_terms
from asteroid_client.api.users import current_user, sign_in, sign_out, update_user

BINARY, FOLDER = sys.argv[1], Path(sys.argv[2])
OUTBOX = FOLDER / "outbox.jsonl"
EMAIL, PASSWORD, CHANGED, RESET = "ada@example.com", "a fine long password", "another fine password", "a third fine password"


def settings(port):
    own = {name: value for name, value in os.environ.items() if not name.startswith("ASTEROID_") and name != "DATABASE_URL"}
    return own | {
        "ASTEROID_HTTP__BIND": f"127.0.0.1:{port}",
        "ASTEROID_ADMIN__BIND": "",
        "ASTEROID_DATABASE__URL": f"sqlite://{FOLDER}/asteroid.db",
        "ASTEROID_EMAIL__URL": f"file:{OUTBOX}",
        "ASTEROID_SMS__URL": f"file:{OUTBOX}",
        "ASTEROID_LIMITS__ENABLED": "false",
        "ASTEROID_LOG__LEVEL": "warn",
    }


def until(what, condition):
    """Waits for what should happen soon."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise SystemExit(f"{what} took too long")


def code(kind):
    """The code of the newest message of this kind."""

    def sent():
        lines = OUTBOX.read_text("utf-8").splitlines() if OUTBOX.exists() else []
        messages = [message for message in map(json.loads, lines) if message["kind"] == kind]
        return messages[-1]["code"] if messages else None

    return until("the code", sent)


def ok(response, status=200):
    assert response.status_code == status, (response.status_code, response.content)
    return response.parsed


def journey(url):
    anyone = Client(base_url=url, raise_on_unexpected_status=True)

    def holder(token):
        return AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True)

    assert ok(healthz.sync_detailed(client=anyone)).status == "ok"
    assert ok(readyz.sync_detailed(client=anyone)).status == "ready"

    # /v1/auth: register, verify, sign in, me, change, reset, sign out.
    body = m.RegisterBody(
        first_name="Ada", last_name="Quill", type_=m.RegisterBodyType.PERSONAL, email=EMAIL, password=PASSWORD,
        password_confirmation=PASSWORD,
    )
    ok(register.sync_detailed(client=anyone, body=body))
    ok(send_codes.sync_detailed(client=anyone, body=m.SendCodesBody(email=EMAIL)), 204)
    verified = ok(verify_code.sync_detailed(client=anyone, body=m.VerifyCodeBody(contact=EMAIL, code=code("registration_code"))))
    first = holder(verified.data.access_token)
    wrong = login.sync_detailed(client=anyone, body=m.LoginBody(contact=EMAIL, password="wrong"))
    assert ok(wrong, 401).data.code == "AUTHENTICATION_FAILED"
    logged_in = ok(login.sync_detailed(client=anyone, body=m.LoginBody(contact=EMAIL, password=PASSWORD)))
    second = holder(logged_in.data.access_token)
    user = ok(me.sync_detailed(client=second))
    assert (user.first_name, user.emails.data[0].email) == ("Ada", EMAIL), user
    sessions = ok(list_sessions.sync_detailed(client=second)).data
    other = next(session for session in sessions if not session.current)
    ok(end_session.sync_detailed(str(other.id), client=second), 204)
    assert me.sync_detailed(client=first).status_code == 401
    change = m.ChangePasswordBody(existing_password=PASSWORD, new_password=CHANGED, new_password_confirmation=CHANGED)
    ok(change_password.sync_detailed(client=second, body=change))
    ok(end_other_sessions.sync_detailed(client=second), 204)
    ok(forgot_password.sync_detailed(client=anyone, body=m.ForgotPasswordBody(contact=EMAIL)))
    reset = m.ResetPasswordBody(
        contact=EMAIL, code=code("reset_code"), password=RESET, password_confirmation=RESET
    )
    ok(reset_password.sync_detailed(client=anyone, body=reset))
    assert me.sync_detailed(client=second).status_code == 401
    third = holder(ok(login.sync_detailed(client=anyone, body=m.LoginBody(contact=EMAIL, password=RESET))).data.access_token)
    ok(send_autofill_codes.sync_detailed(client=anyone, body=m.SendCodesBody(email=EMAIL)), 204)
    ok(logout.sync_detailed(client=third), 204)

    # The practice API, once with JSON and once with forms.
    email, old, new = "robin.alder@example.com", "tides-turn-twice-daily", "boats-leave-at-high-tide"
    bodies = [
        lambda password: m.SignInBody(user=m.SignInBodyUser(email=email, password=password)),
        lambda password: m.SignInForm.from_dict({"user[email]": email, "user[password]": password}),
    ]
    changes = [
        lambda old, new: m.UpdateUserBody(
            user=m.UpdateUserBodyUser(current_password=old, password=new, password_confirmation=new)
        ),
        lambda old, new: m.UpdateUserForm.from_dict(
            {"user[current_password]": old, "user[password]": new, "user[password_confirmation]": new}
        ),
    ]
    acceptances = [
        lambda accept: m.AcceptTermsBody(terms=m.AcceptTermsBodyTerms(accept=accept)),
        lambda accept: m.AcceptTermsForm.from_dict({"terms[accept]": accept}),
    ]
    refused = sign_in.sync_detailed(client=anyone, body=bodies[0]("wrong"))
    assert ok(refused, 401).error == "Invalid email or password."
    for round_, (body, change, accept) in enumerate(zip(bodies, changes, acceptances)):
        staff = holder(ok(sign_in.sync_detailed(client=anyone, body=body(old))).token)
        assert ok(current_user.sync_detailed(client=staff)).email == email
        assert (ok(show_terms.sync_detailed(client=staff)).accepted_at is None) == (round_ == 0)
        if round_ == 0:
            assert ok(list_clients.sync_detailed(client=staff), 403).error
        assert ok(accept_terms.sync_detailed(client=staff, body=accept(False)), 422).errors["accept"] == ["must be accepted"]
        assert ok(accept_terms.sync_detailed(client=staff, body=accept(True))).success == "success"
        clients = ok(list_clients.sync_detailed(client=staff))
        assert len(clients) > 1, clients
        assert len(ok(list_clients.sync_detailed(client=staff, limit=1))) == 1
        one = ok(show_client.sync_detailed(clients[0].client_id, client=staff))
        assert one.client_id == clients[0].client_id
        assert ok(update_user.sync_detailed(client=staff, body=change(old, new))).email == email
        old, new = new, old
        ok(sign_out.sync_detailed(client=staff), 204)
        assert current_user.sync_detailed(client=staff).status_code == 401


def main():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = settings(port)
    subprocess.run([BINARY, "import", "config/practice.json"], env=environment, check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen([BINARY, "serve"], env=environment, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def is_ready():
        assert server.poll() is None, "the server ended"
        try:
            return httpx.get(f"{url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    try:
        until("the start", is_ready)
        journey(url)
    finally:
        server.terminate()
        server.wait(30)
    print("The generated client did the whole journey.")


main()
