//! A payment provider: the callbacks that it signs and sends.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use stockroom::settings::{Secret, Settings};

use super::app::TestApp;
use super::client::Client;
use super::reply::Reply;
use super::shop::STORE;

pub const SECRET: &str = "whsec_that_the_provider_and_the_tests_know";

/// Turns both providers on.
pub fn with_providers(settings: &mut Settings) {
    for provider in settings.payments.providers.values_mut() {
        provider.secret = Secret::new(SECRET.to_owned());
    }
}

/// HMAC-SHA256 of the parts, as hex.
pub fn sign(secret: &str, parts: &[&[u8]]) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    hex::encode(mac.finalize().into_bytes())
}

/// A header as Stripe sends it, signed this number of seconds from now.
pub fn stripe_header(secret: &str, body: &[u8], seconds_from_now: i64) -> String {
    let time = (chrono::Utc::now().timestamp() + seconds_from_now).to_string();
    format!("t={time},v1={}", sign(secret, &[time.as_bytes(), b".", body]))
}

/// A payment that succeeded. The amount in minor units.
pub fn stripe_event(event_id: &str, order: &Value, reference: &str, amount: i64) -> Value {
    json!({"id": event_id, "object": "event", "type": "payment_intent.succeeded", "data": {"object": {
        "id": reference, "object": "payment_intent", "amount": amount, "amount_received": amount, "currency": "inr",
        "metadata": {"order_number": order["order_number"]}}}})
}

/// A payment that was captured. The amount in minor units.
pub fn razorpay_event(order: &Value, reference: &str, amount: i64) -> Value {
    json!({"entity": "event", "event": "payment.captured", "payload": {"payment": {"entity": {
        "id": reference, "amount": amount, "currency": "INR", "notes": {"order_number": order["order_number"]}}}}})
}

impl TestApp {
    /// Sends an event as Stripe does, freshly signed.
    pub fn stripe(&self, event: &Value) -> Reply {
        let body = event.to_string();
        let header = stripe_header(SECRET, body.as_bytes(), 0);
        self.guest().call_back("stripe", "Stripe-Signature", &header, body.as_bytes())
    }

    /// Sends an event as Razorpay does.
    pub fn razorpay(&self, event: &Value) -> Reply {
        let body = event.to_string();
        let header = sign(SECRET, &[body.as_bytes()]);
        self.guest().call_back("razorpay", "X-Razorpay-Signature", &header, body.as_bytes())
    }
}

impl Client {
    /// Any bytes with any signature, to the store of the tests.
    pub fn call_back(&self, provider: &str, header: &str, signature: &str, body: &[u8]) -> Reply {
        let path = format!("/payments/webhook/{STORE}/{provider}");
        self.clone().with_header(header, signature).send_bytes("POST", &path, "application/json", body)
    }
}
