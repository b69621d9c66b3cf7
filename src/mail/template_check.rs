//! The statements and expressions that templates of stores may contain.

/// The statements that templates of stores may use.
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

/// The largest number of bytes between the brackets of a statement or of a value.
const MAX_TAG_BYTES: usize = 300;

/// The largest number of `elif` in a template.
const MAX_ELIFS: usize = 50;

/// The largest number of statements around another one.
const MAX_DEPTH: usize = 20;

/// Refuses other statements and the operator `*`, which repeats texts.
///
/// Refuses long expressions, many conditions and deep nesting, too. The library works on them by recursion, and without
/// a limit they would overflow the stack, which ends the program.
pub fn check_statements(source: &str) -> Result<(), String> {
    let (mut depth, mut elifs) = (0_usize, 0_usize);
    for tag in source.split("{%").skip(1) {
        let words = tag.trim_start_matches(['-', '+']).trim_start();
        let word = words.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        if !STATEMENTS.contains(&word) {
            return Err(format!("has the statement '{word}'; use only {}", STATEMENTS.join(", ")));
        }
        match word {
            "if" | "for" => depth = depth.saturating_add(1),
            "endif" | "endfor" => depth = depth.saturating_sub(1),
            "elif" => elifs = elifs.saturating_add(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(format!("has statements inside of more than {MAX_DEPTH} others"));
        }
        if elifs > MAX_ELIFS {
            return Err(format!("has more than {MAX_ELIFS} elif"));
        }
    }
    for (start, end) in [("{%", "%}"), ("{{", "}}")] {
        for tag in source.split(start).skip(1) {
            let inside = tag.split(end).next().unwrap_or_default();
            if inside.contains('*') {
                return Err("must not use * between brackets".to_owned());
            }
            if inside.len() > MAX_TAG_BYTES {
                return Err(format!("must not have more than {MAX_TAG_BYTES} bytes between brackets"));
            }
            // The end may be inside a quoted text or a map. Then the tag is longer than it seems.
            if is_in_quotes_at_end(inside) || inside.contains(['{', '}']) {
                return Err("has a text with quotes or brackets inside".to_owned());
            }
        }
    }
    Ok(())
}

/// True if a quoted text has not ended at the end of this part of a tag.
fn is_in_quotes_at_end(inside: &str) -> bool {
    let (mut quote, mut is_escaped) = (None, false);
    for character in inside.chars() {
        match quote {
            Some(_) if is_escaped => is_escaped = false,
            Some(_) if character == '\\' => is_escaped = true,
            Some(end) if character == end => quote = None,
            Some(_) => {}
            None => quote = Some(character).filter(|character| ['"', '\''].contains(character)),
        }
    }
    quote.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_cannot_make_long_texts_or_turn_the_escaping_off() {
        for refused in [
            "{% set x = 'a' %}",
            "{%- macro f() %}{% endmacro %}",
            "{% autoescape false %}{% endautoescape %}",
            "{% raw %}{% endraw %}",
            "{{ 'a' * 1000000000 }}",
            "{% if 'a' * 1000000000 %}{% endif %}",
            "{{ '}}' * 1000000000 }}",
            "{{ \"}}'\" * 1000000000 }}",
            "{{ \"'\" ~ '}}' * 1000000000 }}",
            "{{ '\\'' ~ '}}' * 1000000000 }}",
            "{{ {1: {1: 1}} and 'a' * 1000000000 }}",
        ] {
            assert!(check_statements(refused).is_err(), "{refused}");
        }
        for accepted in ["/* {{ a }} */ {%- for a in b -%} {{ a|upper }} {%- endfor %}", "a's {{ b or 'c' }}", ""] {
            assert_eq!(check_statements(accepted), Ok(()), "{accepted}");
        }
    }

    /// The library would overflow the stack.
    #[test]
    fn a_template_has_no_long_chains_and_no_deep_nesting() {
        for (start, part, end) in [
            ("{{ 1", "+1", " }}"),
            ("{{ ", "not ", "1 }}"),
            ("{{ word", "|upper", " }}"),
            ("{{ word", ".a", " }}"),
            ("{{ \"'\" ~ '}}'", "~1", " }}"),
            ("{{ {1: {1: 1}}", "[1]", " }}"),
            ("{% if 1", " and 1", " %}{% endif %}"),
            ("{% if 1 %}", "{% elif 1 %}", "{% endif %}"),
            ("", "{% if 1 %}", ""),
            ("", "{% for a in list %}{% if a %}", ""),
        ] {
            let long = format!("{start}{}{end}", part.repeat(1_500));
            assert!(check_statements(&long).is_err(), "{start}{part}{end}");
        }
        let many = "{% if a %}{{ a }}{% elif b %}{{ b }}{% endif %}".repeat(MAX_ELIFS);
        assert_eq!(check_statements(&many), Ok(()));
        let nested = format!("{}{{{{ a }}}}{}", "{% if a %}".repeat(MAX_DEPTH), "{% endif %}".repeat(MAX_DEPTH));
        assert_eq!(check_statements(&nested), Ok(()));
    }
}
