//! The program sends mail by a real mail server.

use crate::common::json;
use crate::common::process::{self, Place, Process};
use crate::common::smtp::{self, SmtpServer};

const NEW: &str = "another good password";
const SHOP: &str = "https://shop.example.com/stock";

/// The demo customer of a new shop asks for a link, and the program mails it.
fn reset_with(server: &SmtpServer, tls: &str) {
    let place = Place::new();
    let mut command = process::stockroom(&["serve"]);
    command
        .env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir())
        .env("STOCKROOM__SERVER__PUBLIC_URL", SHOP)
        .env("STOCKROOM__MAIL__HOST", "localhost")
        .env("STOCKROOM__MAIL__PORT", server.port.to_string())
        .env("STOCKROOM__MAIL__TLS", tls)
        .env("STOCKROOM__MAIL__FROM", "shop@example.com")
        .env("STOCKROOM__MAIL__USERNAME", "shop")
        // Digits stay text.
        .env("STOCKROOM__MAIL__PASSWORD", "0123")
        .env("SSL_CERT_FILE", smtp::folder().join("localhost.crt"));
    let program = Process::start(command, &place.folder);
    let guest = program.client();
    guest.post("/auth/password/forgot", &json!({"email": "customer@example.com"})).expect(202);
    let mail = server.mail();
    assert_eq!((&mail["secure"], &mail["user"]), (&json!(true), &json!("shop")));
    let token = smtp::password_reset_token(mail["text"].as_str().unwrap(), SHOP);
    guest.post("/auth/password/reset", &json!({"token": token, "new_password": NEW})).expect(204);
    guest.post("/auth/login", &json!({"email": "customer@example.com", "password": NEW})).expect(200);
    let log = program.log();
    assert!(!log.contains("customer@example.com") && !log.contains(&token), "{log}");
}

#[test]
fn the_program_signs_in_to_a_mail_server_after_starttls() {
    reset_with(&SmtpServer::start(&["starttls", "shop", "0123"]), "starttls");
}

#[test]
fn the_program_signs_in_to_a_mail_server_that_is_encrypted_from_the_start() {
    reset_with(&SmtpServer::start(&["tls", "shop", "0123"]), "tls");
}
