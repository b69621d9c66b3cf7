//! Texts that buyers write, as mails show them. A mail may go to somebody else, so it has no links that its buyer wrote.

/// The largest number of characters of a name in a greeting.
const MAX_NAME_CHARS: usize = 60;

/// The text without links. Mail programs turn addresses of the web and of mail into links. A space after each dot, and
/// around each @, prevents it, and keeps the text readable.
#[must_use]
pub fn without_links(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut before = ' ';
    while let Some(character) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        match character {
            '.' | '。' | '．' | '｡' if before.is_alphanumeric() && next.is_alphabetic() => {
                plain.extend([character, ' ']);
            }
            ':' if next == '/' => plain.push_str(": "),
            '@' | '＠' => plain.push_str(" @ "),
            _ => plain.push(character),
        }
        before = character;
    }
    plain
}

/// A name for a greeting: short, in one line, without links.
#[must_use]
pub fn name_in_greeting(name: &str) -> String {
    let words: Vec<&str> =
        name.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let name: String = without_links(&words.join(" ")).chars().take(MAX_NAME_CHARS).collect();
    name.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_of_a_buyer_becomes_a_link() {
        for (text, plain) in [
            ("Mara Okafor", "Mara Okafor"),
            ("Dr. A. B. Noor, 12.5 kg", "Dr. A. B. Noor, 12.5 kg"),
            ("win at evil.example/x", "win at evil. example/x"),
            ("https://evil.example", "https: //evil. example"),
            ("www.evil.example", "www. evil. example"),
            ("eve@evil.example", "eve @ evil. example"),
            ("evil。example ｗ．ｅ", "evil。 example ｗ． ｅ"),
            ("mailto:eve@evil.example", "mailto:eve @ evil. example"),
            ("", ""),
        ] {
            assert_eq!(without_links(text), plain);
        }
    }

    #[test]
    fn a_name_in_a_greeting_is_short_and_in_one_line() {
        assert_eq!(name_in_greeting(" Mara \r\n\u{2028} Okafor "), "Mara Okafor");
        assert_eq!(name_in_greeting(&"Buy it now ".repeat(50)).chars().count(), MAX_NAME_CHARS);
    }
}
