// The order of a user's journey. Routes that are not listed follow in the order of the document.
const JOURNEY = [
  "/register",
  "/verification_codes/send",
  "/verification_codes/verify",
  "/login",
  "/me",
  "/sessions",
  "/password",
  "/password/forgot",
  "/password/reset",
  "/logout",
  "/users/sign_in",
  "/terms",
  "/users/current",
  "/users",
  "/clients",
  "/users/sign_out",
];

// The place of a path: that of the longest step that its part below the version begins with.
function place(path) {
  const rest = path.replace(/^\/v[0-9]+\/auth/, "");
  let best = JOURNEY.length;
  let length = 0;
  JOURNEY.forEach((step, index) => {
    const matches = rest === step || rest.startsWith(`${step}/`);
    if (matches && step.length > length) [best, length] = [index, step.length];
  });
  return best;
}

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  validatorUrl: null,
  operationsSorter: (one, other) => place(one.get("path")) - place(other.get("path")),
});
