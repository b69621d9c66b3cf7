//! Messages from templates: a subject, a text and an HTML body for each kind of mail.

use minijinja::{Environment, Error, Value};

use super::mailer::Message;
use super::outbox::Kind;

/// The subject, the text and the HTML body of one kind of mail.
const fn template_of(kind: Kind) -> [&'static str; 3] {
    match kind {
        Kind::PasswordReset => [
            include_str!("templates/password_reset.subject.txt"),
            include_str!("templates/password_reset.txt"),
            include_str!("templates/password_reset.html"),
        ],
        Kind::WebhookOff => [
            include_str!("templates/webhook_off.subject.txt"),
            include_str!("templates/webhook_off.txt"),
            include_str!("templates/webhook_off.html"),
        ],
    }
}

/// Renders the template of a kind. Values are escaped in HTML, and line breaks are removed from the subject. The
/// templates are part of the program, so an error is a bug.
pub fn render(kind: Kind, recipient: &str, values: &Value) -> Result<Message, Error> {
    let [subject, text, html] = template_of(kind);
    let environment = Environment::new();
    // The suffix of the name decides if values are escaped.
    let fill = |name: &str, source: &str| environment.render_named_str(name, source, values);
    Ok(Message {
        to: recipient.to_owned(),
        subject: fill("subject.txt", subject)?.split_whitespace().collect::<Vec<_>>().join(" "),
        text: fill("text.txt", text)?,
        html: fill("body.html", html)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::context;

    #[test]
    fn values_are_escaped_in_html_and_plain_in_text() {
        let values = context! { link => "https://shop.example.com/?a=1&b=<2>", hours => 1 };
        let message = render(Kind::PasswordReset, "ann@example.com", &values).unwrap();
        assert_eq!((message.to.as_str(), message.subject.as_str()), ("ann@example.com", "Choose a new password"));
        assert!(message.text.contains("https://shop.example.com/?a=1&b=<2>"), "{}", message.text);
        assert!(!message.html.contains("<2>") && message.html.contains("&lt;2"), "{}", message.html);
    }
}
