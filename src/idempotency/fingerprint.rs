//! The fingerprint of a request. Two requests with the same fingerprint are the same request.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::kernel::keyed_hash::{KeyedHash, Purpose};

/// The parts of a request that its fingerprint covers.
pub struct Fingerprinted<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: &'a str,
    pub body: &'a Value,
}

impl Fingerprinted<'_> {
    /// The SHA-256 hash of method, path without its version, query and parsed body. Passwords are included as keyed
    /// hashes. So another password is another request, and a stored fingerprint cannot be used to guess passwords.
    pub fn hash(&self, keyed: &KeyedHash) -> Vec<u8> {
        let path = self.path.trim_end_matches('/');
        let path = path.strip_prefix("/api/v1").or_else(|| path.strip_prefix("/api")).unwrap_or(path);
        let mut hash = Sha256::new();
        for part in [self.method, path, self.query] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.update(canonical(self.body, keyed).to_string().as_bytes());
        hash.finalize().to_vec()
    }
}

/// Returns the value in canonical form, so that `52.00` equals 52. Replaces passwords by keyed hashes.
fn canonical(value: &Value, keyed: &KeyedHash) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => {
                format!("{float:.0}").parse::<i64>().map_or_else(|_too_large| value.clone(), Value::from)
            }
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| canonical(item, keyed)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let canonical = if is_password(name) { hidden(value, keyed) } else { canonical(value, keyed) };
                (name.clone(), canonical)
            })
            .collect(),
        other => other.clone(),
    }
}

/// True for `password`, `new_password`, `current_password`.
fn is_password(name: &str) -> bool {
    name == "password" || name.ends_with("_password")
}

fn hidden(value: &Value, keyed: &KeyedHash) -> Value {
    Value::String(hex::encode(keyed.hash(Purpose::FingerprintOfPassword, &[&value.to_string()])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keyed() -> KeyedHash {
        KeyedHash::new(b"a secret of the tests").unwrap()
    }

    fn fingerprint(body: &Value, keyed: &KeyedHash) -> Vec<u8> {
        Fingerprinted { method: "PATCH", path: "/api/v1/users/7", query: "", body }.hash(keyed)
    }

    #[test]
    fn another_password_makes_another_fingerprint() {
        let one = json!({"email": "a@example.com", "password": "correct horse"});
        let other = json!({"email": "a@example.com", "password": "wrong horse"});
        let without = json!({"email": "a@example.com"});
        assert_eq!(fingerprint(&one, &keyed()), fingerprint(&one, &keyed()));
        assert_ne!(fingerprint(&one, &keyed()), fingerprint(&other, &keyed()));
        assert_ne!(fingerprint(&one, &keyed()), fingerprint(&without, &keyed()));
        for name in ["new_password", "current_password"] {
            let of = |password: &str| fingerprint(&json!({"deep": [{name: password}]}), &keyed());
            assert_ne!(of("correct horse"), of("wrong horse"));
        }
    }

    #[test]
    fn a_fingerprint_cannot_be_used_to_guess_passwords_without_the_secret() {
        let body = json!({"password": "correct horse", "deep": [{"new_password": "battery"}]});
        let hidden = canonical(&body, &keyed()).to_string();
        assert!(!hidden.contains("horse") && !hidden.contains("battery"), "{hidden}");
        let another = KeyedHash::new(b"another secret").unwrap();
        assert_ne!(fingerprint(&body, &keyed()), fingerprint(&body, &another));
        let open = json!({"name": "Basmati"});
        assert_eq!(fingerprint(&open, &keyed()), fingerprint(&open, &another));
    }

    #[test]
    fn a_number_is_the_same_in_every_spelling() {
        let read = |text: &str| super::canonical(&serde_json::from_str(text).unwrap(), &keyed()).to_string();
        assert_eq!(read(r#"{"a":[52.00,-0.5]}"#), read(r#"{"a":[52,-5e-1]}"#));
        assert_ne!(read("52.5"), read("52"));
    }

    #[test]
    fn the_order_of_fields_makes_no_difference_to_a_fingerprint() {
        let a: Value = serde_json::from_str(r#"{"a":1,"b":{"c":2,"d":3}}"#).unwrap();
        let b: Value = serde_json::from_str(r#"{"b":{"d":3,"c":2},"a":1}"#).unwrap();
        assert_eq!(fingerprint(&a, &keyed()), fingerprint(&b, &keyed()));
    }
}
