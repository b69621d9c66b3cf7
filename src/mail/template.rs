//! Messages from templates: a subject, a text and an HTML body for each kind of mail and each language.

use std::borrow::Cow;
use std::io::{self, Write};

use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value, default_auto_escape_callback, filters};

use super::mailer::Message;
use super::outbox::Kind;
use super::template_check::check_statements;
use crate::kernel::language::Language;

/// The three parts of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pub subject: Cow<'static, str>,
    pub text: Cow<'static, str>,
    pub html: Cow<'static, str>,
}

/// The line between the parts of a file.
const SEPARATOR: &str = "\n---\n";

/// The largest number of steps of a template. It limits the time, because stores write templates.
const FUEL: u64 = 500_000;

/// The largest size of a rendered part.
const MAX_BYTES: usize = 512 * 1024;

/// The largest number of characters of a subject. Mail programs do not show longer ones.
const MAX_SUBJECT_CHARS: usize = 200;

macro_rules! files {
    ($kind:expr, $language:literal, [$($variant:ident = $name:literal),+ $(,)?]) => {
        match $kind {
            $(Kind::$variant => include_str!(concat!("templates/", $name, ".", $language, ".jinja")),)+
        }
    };
}

macro_rules! files_of {
    ($kind:expr, $language:literal) => {
        files!(
            $kind,
            $language,
            [
                PasswordReset = "password_reset",
                WebhookOff = "webhook_off",
                OrderPlaced = "order_placed",
                OrderPaid = "order_paid",
                OrderShipped = "order_shipped",
                OrderCancelled = "order_cancelled",
                OrderRefunded = "order_refunded",
                Alert = "alert",
                StockNoticeConfirmation = "stock_notice_confirmation",
                BackInStock = "back_in_stock",
            ]
        )
    };
}

impl Template {
    /// The built-in template of a kind. There are English and German ones; other languages get the English one.
    #[must_use]
    pub fn built_in(kind: Kind, language: &Language) -> Self {
        let file = match language.base().as_str() {
            "de" => files_of!(kind, "de"),
            _ => files_of!(kind, "en"),
        };
        let mut parts = file.splitn(3, SEPARATOR).map(Cow::Borrowed);
        let mut part = || parts.next().unwrap_or_default();
        Self { subject: part(), text: part(), html: part() }
    }

    /// Fills in the values, which are escaped in HTML. The subject becomes one line. A missing value is empty.
    pub fn render(&self, recipient: &str, values: impl Into<Value>) -> Result<Message, Error> {
        self.render_by(UndefinedBehavior::Chainable, recipient, &values.into())
    }

    /// The same, but a value that does not exist is an error. It checks a template of a store.
    pub fn render_strictly(&self, recipient: &str, values: impl Into<Value>) -> Result<Message, Error> {
        self.render_by(UndefinedBehavior::Strict, recipient, &values.into())
    }

    fn render_by(&self, missing: UndefinedBehavior, recipient: &str, values: &Value) -> Result<Message, Error> {
        let mut environment = environment();
        environment.set_undefined_behavior(missing);
        environment.set_fuel(Some(FUEL));
        // The suffix of the name decides whether values are escaped.
        let fill = |name: &str, source: &str| {
            check_statements(source).map_err(|message| Error::new(ErrorKind::SyntaxError, message))?;
            let mut written = Bounded(Vec::new());
            environment.template_from_named_str(name, source)?.render_captured_to(values, &mut written)?;
            String::from_utf8(written.0)
                .map_err(|error| Error::new(ErrorKind::BadSerialization, "the text is no UTF-8").with_source(error))
        };
        Ok(Message {
            to: recipient.to_owned(),
            subject: one_line(&fill("subject.txt", &self.subject)?),
            text: fill("text.txt", &self.text)?,
            html: fill("body.html", &self.html)?,
            id: None,
        })
    }
}

/// The language of templates: conditions, loops, and few filters. Stores write templates, so nothing in it can make a text
/// much longer, or turn the escaping off. `template_check.rs` refuses the rest of the language.
fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_auto_escape_callback(default_auto_escape_callback);
    environment.add_filter("default", filters::default);
    environment.add_filter("first", filters::first);
    environment.add_filter("length", filters::length);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("upper", filters::upper);
    environment
}

/// A subject without line breaks and control characters, so that a value cannot add a header. It also contains no
/// encoded words, which would be shown decoded.
fn one_line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    let line: String = words.join(" ").replace("=?", "= ?");
    line.chars().take(MAX_SUBJECT_CHARS).collect()
}

/// Text up to a size.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len().saturating_add(bytes.len()) > MAX_BYTES {
            return Err(io::Error::other("the rendered text is too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::samples::sample;
    use minijinja::context;
    use strum::VariantArray;

    fn template(subject: &str, text: &str, html: &str) -> Template {
        let part = |text: &str| Cow::Owned(text.to_owned());
        Template { subject: part(subject), text: part(text), html: part(html) }
    }

    #[test]
    fn values_are_escaped_in_html_and_plain_in_text() {
        let values = context! { link => "https://shop.example.com/?a=1&b=<2>", hours => 1 };
        let message = Template::built_in(Kind::PasswordReset, &Language::default()).render("ann@example.com", values);
        let message = message.unwrap();
        assert_eq!((message.to.as_str(), message.subject.as_str()), ("ann@example.com", "Choose a new password"));
        assert!(message.text.contains("https://shop.example.com/?a=1&b=<2>"), "{}", message.text);
        assert!(!message.html.contains("<2>") && message.html.contains("&lt;2"), "{}", message.html);
    }

    #[test]
    fn every_built_in_template_has_three_parts_and_only_known_values() {
        for language in ["en", "de"] {
            let language = Language::parse(language).unwrap();
            for kind in Kind::VARIANTS {
                let template = Template::built_in(*kind, &language);
                let message = template.render_strictly("ann@example.com", sample(*kind)).unwrap();
                for part in [&message.subject, &message.text, &message.html] {
                    assert!(!part.trim().is_empty() && !part.contains("{{"), "{kind:?} {language:?}: {part}");
                }
                assert!(message.html.starts_with("<!doctype html>"), "{kind:?} {language:?}: {}", message.html);
                assert!(message.html.contains(&format!("lang=\"{}\"", language.as_str())));
            }
        }
    }

    #[test]
    fn a_subject_is_one_line() {
        for (value, subject) in [
            ("a\r\nBcc: eve@example.com", "a Bcc: eve@example.com"),
            ("a\u{2028}b\u{85}c\0d\u{1b}e", "a b c d e"),
            ("=?utf-8?q?a=0d=0aBcc:?=", "= ?utf-8?q?a=0d=0aBcc:?="),
            ("ａ\u{ff0d}ｂ", "ａ\u{ff0d}ｂ"),
        ] {
            let message = template("{{ value }}", "", "").render("", context! { value }).unwrap();
            assert_eq!(message.subject, subject);
        }
        let long = template("{{ value }}", "", "").render("", context! { value => "ö".repeat(500) }).unwrap();
        assert_eq!(long.subject.chars().count(), MAX_SUBJECT_CHARS);
    }

    #[test]
    fn a_template_is_bounded_in_time_and_size() {
        let list: Vec<i64> = (0..2_000).collect();
        let values = || context! { list => list.clone(), word => "a".repeat(1_000) };
        let endless = "{% for a in list %}{% for b in list %}{% endfor %}{% endfor %}";
        let large = "{% for a in list %}{{ word }}{% endfor %}";
        for text in
            [endless, large, "{{ missing }}", "{% include 'other' %}", "{{ 1", "{{ word|safe }}", "{{ range(9) }}"]
        {
            assert!(template("a", text, "a").render_strictly("", values()).is_err(), "{text}");
        }
        assert_eq!(template("a", "b{{ missing.field }}", "c").render("", values()).unwrap().text, "b");
    }

    #[test]
    fn built_in_templates_have_no_more_than_those_of_stores() {
        for language in ["en", "de"] {
            for kind in Kind::VARIANTS {
                let Template { subject, text, html } = Template::built_in(*kind, &Language::parse(language).unwrap());
                [subject, text, html].iter().for_each(|part| assert_eq!(check_statements(part), Ok(())));
            }
        }
    }
}
