//! Signatures of payment providers' callbacks: HMAC-SHA256 of the raw body, compared in constant time.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

/// The signature scheme of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// `Stripe-Signature: t=<seconds>,v1=<hex of HMAC over "<t>.<body>">`, signed anew at each delivery.
    /// See <https://docs.stripe.com/webhooks#verify-manually>.
    Stripe,
    /// `X-Razorpay-Signature: <hex of HMAC over the body>`.
    /// See <https://razorpay.com/docs/webhooks/validate-test/>.
    Razorpay,
}

/// The maximal difference between the signed time and the server's time.
const TOLERANCE_SECONDS: i64 = 300;

impl Scheme {
    pub const fn header(self) -> &'static str {
        match self {
            Self::Stripe => "stripe-signature",
            Self::Razorpay => "x-razorpay-signature",
        }
    }

    /// True if the header is a valid signature of this body with this secret, at this time.
    pub fn verifies(self, secret: &str, header: &str, body: &[u8], now: DateTime<Utc>) -> bool {
        match self {
            Self::Stripe => verify_stripe(secret, header, body, now.timestamp()),
            // Retries keep the time of the first delivery, so an old time must be accepted. A replay is harmless,
            // because each event is applied once.
            Self::Razorpay => is_signed(secret, &[body], header.trim()),
        }
    }
}

fn verify_stripe(secret: &str, header: &str, body: &[u8], now: i64) -> bool {
    let mut signed_at = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", time)) => signed_at = Some(time),
            Some(("v1", signature)) => signatures.push(signature),
            _ => {}
        }
    }
    let Some(time) = signed_at else { return false };
    let is_fresh = time.parse::<i64>().is_ok_and(|at| now.abs_diff(at) <= TOLERANCE_SECONDS.unsigned_abs());
    is_fresh && signatures.iter().any(|signature| is_signed(secret, &[time.as_bytes(), b".", body], signature))
}

fn is_signed(secret: &str, parts: &[&[u8]], signature: &str) -> bool {
    let (Ok(mut mac), Ok(signature)) =
        (<Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()), hex::decode(signature))
    else {
        return false;
    };
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(&signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_of_the_tests";
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn sign(parts: &[&[u8]]) -> String {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(SECRET.as_bytes()).unwrap();
        parts.iter().for_each(|part| mac.update(part));
        hex::encode(mac.finalize().into_bytes())
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_stripe_signature_holds_for_its_body_secret_and_time() {
        let signature = sign(&[b"1000", b".", BODY]);
        let header = format!("t=1000,v1=00,v1={signature},v0=ff");
        let verifies = |secret: &str, body: &[u8], now| Scheme::Stripe.verifies(secret, &header, body, at(now));
        assert!(verifies(SECRET, BODY, 1000));
        assert!(verifies(SECRET, BODY, 1300));
        assert!(verifies(SECRET, BODY, 700));
        assert!(!verifies(SECRET, BODY, 1301));
        assert!(!verifies(SECRET, BODY, 699));
        assert!(!verifies("another", BODY, 1000));
        assert!(!verifies(SECRET, b"{}", 1000));
        assert!(!Scheme::Stripe.verifies(SECRET, &format!("v1={signature}"), BODY, at(1000)));
        assert!(!Scheme::Stripe.verifies(SECRET, "t=1000", BODY, at(1000)));
    }

    #[test]
    fn a_razorpay_signature_holds_for_its_body_and_secret() {
        let header = sign(&[BODY]);
        assert!(Scheme::Razorpay.verifies(SECRET, &header, BODY, at(5)));
        assert!(!Scheme::Razorpay.verifies(SECRET, &header, b"{}", at(5)));
        assert!(!Scheme::Razorpay.verifies("another", &header, BODY, at(5)));
        assert!(!Scheme::Razorpay.verifies(SECRET, "no hex", BODY, at(5)));
    }
}
