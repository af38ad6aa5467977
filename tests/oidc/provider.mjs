// An OpenID Connect provider on a free port of 127.0.0.1, whose access tokens are JWTs with the claims of Entra ID.
// usage: node provider.mjs AUDIENCE ACCOUNTS; ACCOUNTS is a JSON file of logins, read at each sign-in:
// {"ann": {"password": "…", "claims": {…}}}. Prints its issuer as one line, and runs until ended.
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const [audience, accountsPath] = process.argv.slice(2);
const accounts = () => JSON.parse(readFileSync(accountsPath, "utf-8"));
const claimsOf = (login) => accounts()[login].claims;

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration());
  server.on("request", (request, response) => respond(provider, request, response));
  console.log(issuer);
});

function configuration() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const resource = "urn:multichannel:test";
  return {
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "provider", alg: "RS256", use: "sig" }] },
    cookies: { keys: ["a secret of this process"] },
    clients: [
      {
        client_id: "multichannel-pages",
        // A native client may return to any port of a loopback address (RFC 8252, section 7.3).
        application_type: "native",
        token_endpoint_auth_method: "none",
        redirect_uris: ["http://127.0.0.1/sign-in"],
        post_logout_redirect_uris: ["http://127.0.0.1/sign-in"],
      },
    ],
    clientBasedCORS: () => true,
    claims: { openid: ["sub"], profile: ["name", "tid", "oid"] },
    conformIdTokenClaims: false,
    scopes: ["openid", "profile"],
    findAccount: (_context, login) => ({ accountId: login, claims: () => ({ sub: login, ...claimsOf(login) }) }),
    extraTokenClaims: (_context, token) => claimsOf(token.accountId),
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: "",
          audience,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
      rpInitiatedLogout: {
        enabled: true,
        // Without a question, and so with the form posted at once.
        logoutSource: (context, form) => {
          context.body = page(`${form}<button form="op.logoutForm" name="logout" value="yes">Sign out here</button>`);
        },
      },
    },
  };
}

async function respond(provider, request, response) {
  if (!request.url.startsWith("/interaction/")) {
    provider.callback()(request, response);
    return;
  }
  try {
    const { prompt, params, session } = await provider.interactionDetails(request, response);
    const result =
      prompt.name === "consent"
        ? { consent: { grantId: await grant(provider, params, session.accountId) } }
        : request.method === "POST" && signedIn(new URLSearchParams(await text(request)));
    if (result) {
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
    } else {
      response.setHeader("Content-Type", "text/html; charset=utf-8").end(page(LOGIN));
    }
  } catch (error) {
    response.writeHead(500).end(String(error.stack));
  }
}

/** What a posted form says: who has signed in, or that nobody has; undefined if the password is wrong. */
function signedIn(form) {
  if (form.get("action") === "cancel") {
    return { error: "access_denied", error_description: "End-User aborted interaction" };
  }
  const login = form.get("login");
  return accounts()[login]?.password === form.get("password") ? { login: { accountId: login } } : undefined;
}

async function grant(provider, params, accountId) {
  const made = new provider.Grant({ accountId, clientId: params.client_id });
  made.addOIDCScope(params.scope);
  return made.save();
}

async function text(request) {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function page(body) {
  return `<!doctype html><html lang="en"><title>Provider</title><main>${body}</main></html>`;
}


const LOGIN = `<h1>Provider</h1><form method="post">
<label>Login <input name="login" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button name="action" value="login">Continue</button> <button name="action" value="cancel">Cancel</button></form>`;
