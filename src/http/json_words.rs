//! The messages of the JSON library in the words of JSON, for clients that do not know the types of this program.

/// Translates the message of a refused field. Messages that this program wrote itself stay as they are.
pub fn translate(message: &str) -> String {
    let is_about_type =
        ["invalid type: ", "invalid value: ", "invalid length "].iter().any(|start| message.starts_with(start));
    if let Some((_, expected)) = message.split_once(", expected ").filter(|_| is_about_type) {
        return format!("must be {}", kind(expected));
    }
    if let Some((variant, expected)) = message.strip_prefix("unknown variant ").and_then(|rest| rest.split_once(", ")) {
        return match expected.strip_prefix("expected ") {
            Some(words) => format!("must be {words}, not {variant}"),
            None => format!("must not be {variant}"),
        };
    }
    // The library says no more if a word is expected. The text is known to be JSON.
    let is_no_word = message == "expected value";
    if is_no_word { "must be one of the words that are documented".to_owned() } else { message.to_owned() }
}

/// The kind of value that the library names by a type.
fn kind(expected: &str) -> String {
    let first = expected.split(' ').next().unwrap_or_default();
    let range = |low: &str, high: &str| format!("an integer from {low} to {high}");
    match first {
        "i8" => range("-128", "127"),
        "i16" => range("-32768", "32767"),
        "i32" => range("-2147483648", "2147483647"),
        "u8" => range("0", "255"),
        "u16" => range("0", "65535"),
        "u32" => range("0", "4294967295"),
        "u64" | "u128" | "usize" => "an integer that is not negative".to_owned(),
        "i64" | "i128" | "isize" => "an integer".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "struct" | "map" => "an object".to_owned(),
        "enum" | "variant" => "one of the words that are documented".to_owned(),
        "unit" => "null".to_owned(),
        "option" => "a value or null".to_owned(),
        "sequence" | "tuple" | "array" => "a list".to_owned(),
        _ => article(expected),
    }
}

/// The kinds that the library names with an article.
fn article(expected: &str) -> String {
    let known = [
        ("a boolean", "true or false"),
        ("a sequence", "a list"),
        ("a map", "an object"),
        ("a tuple", "a list"),
        ("an array", "a list"),
        ("a character", "a string of one character"),
        ("a borrowed string", "a string"),
        ("internally tagged enum", "an object"),
        ("adjacently tagged enum", "an object"),
        ("any value", "a JSON value"),
        ("any valid JSON value", "a JSON value"),
    ];
    let found = known.iter().find(|(start, _)| expected == *start || expected.starts_with(&format!("{start} ")));
    found.map_or_else(|| expected.to_owned(), |(_, words)| (*words).to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct PickupRequest {
        quantity: u8,
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    #[allow(dead_code)]
    enum Tagged {
        Pickup { quantity: u8 },
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        Cash,
        Card,
        Cod,
    }

    fn message<T: DeserializeOwned>(text: &str) -> String {
        let error = serde_json::from_str::<T>(text).err().unwrap().to_string();
        translate(error.rsplit_once(" at line ").map_or(error.as_str(), |(message, _)| message))
    }

    #[test]
    fn each_kind_of_value_is_named_in_the_words_of_json() {
        assert_eq!(message::<PickupRequest>("7"), "must be an object");
        assert_eq!(message::<PickupRequest>("[]"), "must be an object");
        assert_eq!(message::<BTreeMap<String, u8>>("[]"), "must be an object");
        assert_eq!(message::<Tagged>("\"pickup\""), "must be an object");
        assert_eq!(message::<Vec<u8>>("{}"), "must be a list");
        assert_eq!(message::<[u8; 2]>("\"ab\""), "must be a list");
        assert_eq!(message::<(u8, u8)>("7"), "must be a list");
        assert_eq!(message::<String>("null"), "must be a string");
        assert_eq!(message::<char>("7"), "must be a string of one character");
        assert_eq!(message::<bool>("\"true\""), "must be true or false");
        assert_eq!(message::<()>("7"), "must be null");
        assert_eq!(message::<f64>("\"7\""), "must be a number");
        assert_eq!(message::<f32>("[]"), "must be a number");
    }

    #[test]
    fn integers_have_their_bounds() {
        assert_eq!(message::<u8>("256"), "must be an integer from 0 to 255");
        assert_eq!(message::<u16>("-1"), "must be an integer from 0 to 65535");
        assert_eq!(message::<u32>("1.5"), "must be an integer from 0 to 4294967295");
        assert_eq!(message::<i8>("true"), "must be an integer from -128 to 127");
        assert_eq!(message::<i16>("\"1\""), "must be an integer from -32768 to 32767");
        assert_eq!(message::<i32>("3000000000"), "must be an integer from -2147483648 to 2147483647");
        assert_eq!(message::<i64>("1.5"), "must be an integer");
        assert_eq!(message::<u64>("-1"), "must be an integer that is not negative");
        assert_eq!(message::<Option<i64>>("\"1\""), "must be an integer");
    }

    #[test]
    fn words_are_listed_and_other_messages_stay() {
        assert_eq!(message::<Word>("\"gold\""), "must be one of `cash`, `card`, `cod`, not `gold`");
        assert_eq!(message::<Word>("7"), "must be one of the words that are documented");
        for message in [
            "missing field `name`",
            "duplicate field `name`",
            "unknown field `price`, expected `name` or `count`",
            "must be a day, such as 2026-11-21",
            "an id, an integer from 1 to 2^53 - 1",
        ] {
            assert_eq!(translate(message), message);
        }
        assert_eq!(
            translate("invalid type: null, expected a product id (integer) or a SKU (string)"),
            "must be a product id (integer) or a SKU (string)"
        );
    }

    #[test]
    fn no_word_of_this_program_is_left() {
        let messages = [
            message::<PickupRequest>("true"),
            message::<PickupRequest>("{\"quantity\": {}}"),
            message::<Tagged>("{\"kind\": 7}"),
            message::<Tagged>("[]"),
            message::<Word>("{}"),
            message::<Vec<Option<f64>>>("[\"a\"]"),
        ];
        for message in messages {
            let has_word =
                |word: &str| message.split(|letter: char| !letter.is_alphanumeric()).any(|part| part == word);
            let found = ["struct", "enum", "f64", "u8", "variant", "PickupRequest", "Tagged", "Word"];
            assert!(!found.iter().any(|word| has_word(word)), "{message}");
        }
    }
}
