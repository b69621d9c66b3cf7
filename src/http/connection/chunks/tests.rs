//! Compares the scan with the framework's own decoder.

use actix_codec::Decoder as _;
use actix_http::ServiceConfig;
use actix_http::h1::{Codec, Message};
use actix_web::rt::System;
use actix_web::web::BytesMut;

use super::*;

/// The end of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The body ends after this number of bytes.
    Ended(usize),
    Refused,
    Unfinished,
}

/// The outcome of the framework.
fn decoded(config: &ServiceConfig, body: &[u8]) -> Outcome {
    let mut codec = Codec::new(config.clone());
    let mut bytes = BytesMut::from(&b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"[..]);
    assert!(matches!(codec.decode(&mut bytes), Ok(Some(Message::Item(_)))) && bytes.is_empty());
    bytes.extend_from_slice(body);
    loop {
        match codec.decode(&mut bytes) {
            Ok(Some(Message::Chunk(Some(_data)))) => {}
            Ok(Some(Message::Chunk(None))) => return Outcome::Ended(body.len() - bytes.len()),
            Ok(Some(Message::Item(_))) => panic!("a second request"),
            Ok(None) => return Outcome::Unfinished,
            Err(_) => return Outcome::Refused,
        }
    }
}

/// The outcome of the scan, and the bytes that the framework gets.
fn scanned(parts: &[&[u8]]) -> (Outcome, Vec<u8>) {
    let (mut scan, mut given) = (ChunkScan::default(), Vec::new());
    for part in parts {
        let mut part = part.to_vec();
        match scan.scan(&mut part) {
            Scanned::Open => given.extend(part),
            Scanned::Ended(length) => {
                given.extend(&part[..length]);
                return (Outcome::Ended(given.len()), given);
            }
            Scanned::Refused(length) => {
                given.extend(&part[..length]);
                given.push(b'\r');
                return (Outcome::Refused, given);
            }
        }
    }
    let outcome = if scan.part == ChunkPart::Refused { Outcome::Refused } else { Outcome::Unfinished };
    (outcome, given)
}

const BODIES: [&str; 8] = [
    "0\r\n\r\n",
    "2\r\n{}\r\n0\r\n\r\n",
    "2\r\n{}\r\n0\r\nX: y\r\n\r\n",
    "1c;a=\"0\"\r\n0\r\n\r\n0\r\n\r\n0123456789abcdefgh\r\n000\r\nX-Trailer: 1\r\nY: 0\r\n\r\n",
    "A \t;x=\u{e9}\r\n\r\n\n\r\n\n\n\r\n\n\r\n00 \r\n\r\n",
    "ffffffffffffffff\r\n{}",
    "10000000000000000\r\n{}\r\n0\r\n\r\n",
    "+1\r\n \r\n0x\r\n\r\n",
];

/// The body, and the body with each byte removed, doubled, or replaced.
fn variants(body: &[u8]) -> Vec<Vec<u8>> {
    let mut variants = vec![body.to_vec()];
    for index in 0..body.len() {
        let (before, after) = (&body[..index], &body[index + 1..]);
        let byte = &body[index..=index];
        variants.extend(
            [&b""[..], &[byte, byte].concat(), b"\r", b"\n", b"\r\n", b"\n\n", b"\0", b" ", b";", b"f"]
                .map(|instead| [before, instead, after].concat()),
        );
    }
    variants
}

/// True if a line of the framing ends without CR, before the end of the body.
fn has_bare_lf(body: &[u8], refused_at: usize) -> bool {
    body.get(refused_at) == Some(&b'\n') && (refused_at == 0 || body[refused_at - 1] != b'\r')
}

/// The configuration of the framework. It needs a runtime.
fn with_config(test: impl FnOnce(ServiceConfig)) {
    System::new().block_on(async { test(ServiceConfig::default()) });
}

#[test]
fn the_scan_agrees_with_the_framework_about_every_body() {
    with_config(|config| {
        let (mut ended, mut refused, mut bare) = (0, 0, 0);
        for variant in BODIES.iter().flat_map(|body| variants(body.as_bytes())) {
            let body = [&variant[..], b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"].concat();
            let text = String::from_utf8_lossy(&body);
            let (outcome, given) = scanned(&[&body]);
            assert_eq!(decoded(&config, &given), outcome, "{text:?}");
            let unchanged = decoded(&config, &body);
            if unchanged == outcome {
                ended += usize::from(matches!(outcome, Outcome::Ended(_)));
                refused += usize::from(outcome == Outcome::Refused);
            } else {
                // The framework accepts more only in the trailers.
                assert!(outcome == Outcome::Refused && has_bare_lf(&body, given.len() - 2), "{text:?}: {unchanged:?}");
                bare += 1;
            }
            for cut in 0..body.len() {
                let parts = [&body[..cut], &body[cut..]];
                assert_eq!(scanned(&parts), (outcome, given.clone()), "{text:?}, cut after {cut}");
            }
        }
        assert!(ended > 100 && refused > 500 && bare > 20, "{ended} ended, {refused} refused, {bare} bare");
    });
}

#[test]
fn no_body_ends_before_its_last_byte() {
    with_config(|config| {
        for body in &BODIES[..5] {
            let body = body.as_bytes();
            assert_eq!(scanned(&[body]).0, Outcome::Ended(body.len()));
            for cut in 0..body.len() {
                assert_eq!(
                    (scanned(&[&body[..cut]]).0, decoded(&config, &body[..cut])),
                    (Outcome::Unfinished, Outcome::Unfinished)
                );
            }
        }
    });
}
