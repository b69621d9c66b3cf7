//! Access tokens that are not ours.

use super::Shop;
use crate::common::json;
use stockroom::auth::Role;
use stockroom::auth::token::Tokens;
use stockroom::settings::{Auth, Secret};

#[test]
fn only_good_tokens_are_taken() {
    let shop = Shop::open();
    let (user, auth) = (shop.mara.user.unwrap(), &shop.app.settings.auth);
    let signed = |change: &dyn Fn(&mut Auth), role: Role| {
        let mut auth = auth.clone();
        change(&mut auth);
        Tokens::new(&auth).sign(user, role, 0, None).unwrap()
    };
    let good = signed(&|_| (), Role::Customer);
    let parts: Vec<&str> = good.split('.').collect();
    let noors = shop.app.token(shop.app.customer("noor").user.unwrap(), Role::Customer);
    let noors: Vec<&str> = noors.split('.').collect();
    // {"alg":"none","typ":"at+jwt"}, and the same with HS512.
    let (none, hs512) = ("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0", "eyJhbGciOiJIUzUxMiIsInR5cCI6ImF0K2p3dCJ9");
    let first = if parts[2].starts_with('A') { "B" } else { "A" };
    let tampered_signature = format!("{first}{}", &parts[2][1..]);
    let bad = [
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{hs512}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], noors[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], tampered_signature),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        signed(&|auth| auth.issuer = "elsewhere".to_owned(), Role::Admin),
        signed(&|auth| auth.audience = "another-api".to_owned(), Role::Admin),
        signed(&|auth| auth.jwt_secret = Secret::new("another secret, as long as a good one".to_owned()), Role::Admin),
        String::new(),
        "null".to_owned(),
        "' OR 1=1 --".to_owned(),
    ];
    let calls = ["/cart", "/orders/me", "/auth/me", "/inventory/products"];
    for token in &bad {
        for call in calls {
            let reply = shop.app.guest().with_token(token).get(call);
            assert_eq!(reply.header("www-authenticate"), "Bearer");
            reply.refused(401, "UNAUTHENTICATED");
        }
        let order = json!({"items": [{"product_id": shop.rice, "quantity": 1}]});
        shop.refused(|| shop.app.guest().with_token(token).post("/orders", &order), 401, "UNAUTHENTICATED");
    }
    let expired = signed(&|auth| auth.access_ttl_seconds = -60, Role::Customer);
    shop.refused(|| shop.app.guest().with_token(&expired).get("/cart"), 401, "TOKEN_EXPIRED");
    let basic = shop.app.guest().with_header("Authorization", "Basic bWFyYTpzZWNyZXQ=");
    shop.refused(|| basic.get("/cart"), 401, "UNAUTHENTICATED");
    // A token with a valid signature and a role that the account does not have is refused.
    for role in [Role::Admin, Role::Staff] {
        let grown = shop.app.guest().with_token(&signed(&|_| (), role));
        let reply = shop.app.without_effect(|| grown.get("/orders"));
        assert!([401, 403].contains(&reply.status), "{role:?}: {} {}", reply.status, reply.text());
    }
    shop.app.guest().with_token(&good).get("/cart").expect(200);
}
