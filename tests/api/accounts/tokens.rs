//! Access tokens.

use crate::common::people::PASSWORD;
use crate::common::{TestApp, Value, json};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use sha2::{Sha256, Sha384, Sha512};
use stockroom::auth::Role;

/// An access token with an algorithm that the program itself does not sign with.
fn sign_as<M: Mac + KeyInit>(algorithm: &str, claims: &Value, secret: &str) -> String {
    let header = json!({"typ": "at+jwt", "alg": algorithm});
    let [header, claims] = [&header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
    let message = format!("{header}.{claims}");
    let mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&message);
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[test]
fn a_token_is_taken_only_with_every_claim_as_we_sign_it() {
    let app = TestApp::start();
    let (auth, user) = (&app.settings.auth, app.customer("mara").user.unwrap());
    let now = i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let good = json!({"iss": auth.issuer, "aud": auth.audience, "sub": user.to_string(), "role": "customer",
                      "iat": now, "exp": now + 60, "jti": "5b0c"});
    let key = EncodingKey::from_secret(auth.jwt_secret.reveal().as_bytes());
    let header =
        |algorithm: Algorithm, typ: Option<&str>| Header { typ: typ.map(ToOwned::to_owned), ..Header::new(algorithm) };
    let usual = header(Algorithm::HS256, Some("at+jwt"));
    let sign = |header: &Header, claims: &Value| jsonwebtoken::encode(header, claims, &key).unwrap();
    let ask = |token: &str| app.guest().with_token(token).get("/cart");
    ask(&sign(&usual, &good)).expect(200);
    for typ in [Some("JWT"), None] {
        ask(&sign(&header(Algorithm::HS256, typ), &good)).refused(401, "UNAUTHENTICATED");
    }
    let secret = auth.jwt_secret.reveal();
    ask(&sign_as::<Hmac<Sha256>>("HS256", &good, secret)).expect(200);
    for other in [sign_as::<Hmac<Sha384>>("HS384", &good, secret), sign_as::<Hmac<Sha512>>("HS512", &good, secret)] {
        ask(&other).refused(401, "UNAUTHENTICATED");
    }
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let changed = [
        with("iss", json!("elsewhere")),
        with("aud", json!("another-api")),
        with("sub", json!("mara")),
        with("role", json!("king")),
        with("jti", json!("")),
        with("exp", json!("soon")),
    ];
    let missing = ["iss", "aud", "sub", "role", "exp", "jti"].map(|name| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(name);
        claims
    });
    for claims in changed.iter().chain(&missing) {
        let reply = ask(&sign(&usual, claims));
        assert_eq!(reply.code().as_deref(), Some("UNAUTHENTICATED"), "{claims}: {}", reply.text());
        assert_eq!(reply.header("www-authenticate"), "Bearer");
        reply.expect(401);
    }
    // There is no tolerance for a token that has expired or is not valid yet.
    for over in [now - 1, now] {
        ask(&sign(&usual, &with("exp", json!(over)))).refused(401, "TOKEN_EXPIRED");
    }
    ask(&sign(&usual, &with("nbf", json!(now)))).expect(200);
    for nbf in [json!(now + 60), json!("later"), json!(-1)] {
        ask(&sign(&usual, &with("nbf", nbf))).refused(401, "UNAUTHENTICATED");
    }
    let token = sign(&usual, &good);
    let (head, signature) = token.rsplit_once('.').unwrap();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
    let claims = head.split('.').nth(1).unwrap();
    for forged in [format!("{none}.{claims}."), format!("{none}.{claims}.{signature}"), format!("{head}.")] {
        ask(&forged).refused(401, "UNAUTHENTICATED");
    }
    // A bad token is refused by public operations too, except by those that read no token.
    app.guest().with_token("x.y.z").get("/inventory/products").refused(401, "UNAUTHENTICATED");
    app.account("noor", Role::Customer);
    let body = json!({"email": "noor@example.com", "password": PASSWORD});
    app.guest().with_token("x.y.z").post("/auth/login", &body).expect(200);
}
