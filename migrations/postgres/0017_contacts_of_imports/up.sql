-- Until now, memberships came from imports alone, and so did all contacts of their users but one: the first contact of a
-- user who registered, which was verified by a code when the user was made. The audit trail has that code. Where it
-- does not reach back so far, the contact counts as imported, so that a mistaken address can be replaced.
UPDATE user_contacts
    SET imported = TRUE, imported_for = (SELECT m.practice_id FROM memberships m WHERE m.user_id = user_contacts.user_id)
    WHERE EXISTS (SELECT * FROM memberships m WHERE m.user_id = user_contacts.user_id)
        AND NOT EXISTS (
            SELECT * FROM users u JOIN audit_events e ON e.at = u.created_at
            WHERE u.id = user_contacts.user_id AND u.created_at = user_contacts.verified_at
                AND e.action = 'verify_code' AND e.outcome = 'done' AND e.user_id = u.id
        );
