//! Access tokens end in time on every server, even if a server cannot read which ones were revoked.

use std::time::{Duration, Instant};

use crate::common::process::{self, Place, Process};
use crate::common::silence::Network;
use crate::common::{Value, json};
use stockroom::embedded_postgres::DATABASE;

/// The time in which other servers refuse a revoked token.
const LIMIT: Duration = Duration::from_secs(2);
/// The reader abandons a read that is not answered, and starts another one.
const WATCHED: Duration = Duration::from_secs(10);
const CUSTOMER: &str = "customer@example.com";

fn serve(place: &Place, url: &str) -> Process {
    let mut serve = process::stockroom(&["serve"]);
    serve.env("DATABASE_URL", url).env("JWT_SECRET", "a secret that only this test has, and nobody else");
    Process::start(serve, &place.folder)
}

fn log_in(server: &Process, email: &str) -> Value {
    let body = json!({"email": email, "password": "stockroom-demo"});
    server.client().post("/auth/login", &body).expect(200).json()
}

fn token(session: &Value) -> &str {
    session["access_token"].as_str().unwrap()
}

#[test]
fn a_revoked_token_is_refused_in_time_by_a_server_that_cannot_read_the_revoked_tokens() {
    let place = Place::new();
    let postgres = place.postgres();
    let url = postgres.url(DATABASE);
    for command in [&["migrate"][..], &["seed", "--demo"]] {
        assert!(process::run(process::stockroom(command).env("DATABASE_URL", &url)).status.success());
    }
    let network = Network::to(&url);
    let (one, other) = (serve(&place, &url), serve(&place, &network.url(DATABASE)));
    let session = log_in(&one, CUSTOMER);
    let admin = one.client().with_token(token(&log_in(&one, "admin@example.com")));
    let customer = other.client().with_token(token(&session));
    customer.get("/cart").expect(200);

    // Only the read of the revoked tokens names this column.
    network.lose_connections_that_send("tokens_ended_at");
    let user = format!("/users/{}", session["user"]["id"]);
    admin.patch(&user, &json!({"active": false})).expect(200);
    let revoked = Instant::now();
    while revoked.elapsed() < WATCHED {
        let asked = revoked.elapsed();
        let reply = customer.get("/cart");
        assert!(reply.status == 401 || asked < LIMIT, "{} after {asked:?}", reply.status);
    }
    // A new token is accepted, because the account is read for each request.
    admin.patch(&user, &json!({"active": true})).expect(200);
    let again = other.client().with_token(token(&log_in(&one, CUSTOMER)));
    again.get("/cart").expect(200);
}
