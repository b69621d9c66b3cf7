//! Shortens very long names in a path before routing.
//!
//! The framework compares a path with the patterns of the routes one by one. For a path of 15 KB, that takes up to 40
//! ms of processor time, in which the thread serves no other connection.

use actix_web::dev::ServiceRequest;
use actix_web::http::Uri;
use actix_web::http::uri::PathAndQuery;

/// The largest number of bytes of a name. An escape such as `%C3` is one byte. The longest names that exist are SKUs of
/// sizes, with 151 characters of at most four bytes. So nothing has a longer name, with or without its end.
const MAX_NAME_BYTES: usize = 700;

/// Shortens the names in the path of a request that is not routed yet.
pub fn shorten(request: &mut ServiceRequest) {
    let Some(uri) = shortened(request.uri()) else { return };
    request.match_info_mut().get_mut().update(&uri);
    request.head_mut().uri = uri;
}

/// The address with shorter names. None if all names are short.
fn shortened(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    if path.len() <= MAX_NAME_BYTES {
        return None;
    }
    let mut target = path.split('/').map(beginning).collect::<Vec<_>>().join("/");
    if target.len() == path.len() {
        return None;
    }
    if let Some(query) = uri.query() {
        target.push('?');
        target.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
    Uri::from_parts(parts).ok()
}

/// The name, or its first bytes if it is too long.
fn beginning(name: &str) -> &str {
    let mut rest_of_escape = 0_usize;
    let begins_byte = |(_, character): &(usize, char)| {
        if rest_of_escape > 0 {
            rest_of_escape = rest_of_escape.saturating_sub(1);
            return false;
        }
        rest_of_escape = if *character == '%' { 2 } else { 0 };
        true
    };
    let end = name.char_indices().filter(begins_byte).nth(MAX_NAME_BYTES);
    end.and_then(|(end, _)| name.get(..end)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(target: &str) -> Option<String> {
        shortened(&target.parse().unwrap()).map(|uri| uri.to_string())
    }

    #[test]
    fn names_that_may_exist_stay_as_they_are() {
        let sku = "%F0%9F%92%A7".repeat(151);
        let longest = "a".repeat(MAX_NAME_BYTES);
        for target in [
            "/".to_owned(),
            format!("/products/{sku}/supply?size=M"),
            format!("/products/{longest}/{longest}"),
            "/a".repeat(5_000),
            format!("/products?q={}", "a".repeat(10_000)),
        ] {
            assert_eq!(of(&target), None, "{target}");
        }
    }

    #[test]
    fn longer_names_lose_their_end() {
        let (long, kept) = ("a".repeat(15_000), "a".repeat(MAX_NAME_BYTES));
        assert_eq!(of(&format!("/x/{long}/y/{long}?q={long}")), Some(format!("/x/{kept}/y/{kept}?q={long}")));
        assert_eq!(of(&format!("http://localhost/{long}/y")), Some(format!("http://localhost/{kept}/y")));
        let (long, kept) = ("%C3%A9".repeat(1_000), "%C3%A9".repeat(MAX_NAME_BYTES / 2));
        assert_eq!(of(&format!("/{long}")), Some(format!("/{kept}")));
        assert_eq!(of(&format!("/{}", "9".repeat(MAX_NAME_BYTES + 1))).unwrap().len(), MAX_NAME_BYTES + 1);
    }
}
