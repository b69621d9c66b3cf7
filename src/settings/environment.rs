//! The environment as a layer of the settings: `STOCKROOM__SECTION__KEY`.

use config::Environment;

/// Every variable is text. It is parsed only for settings that are numbers, booleans or lists. So a secret of digits
/// stays unchanged.
pub(super) fn source() -> Environment {
    Environment::with_prefix("STOCKROOM").prefix_separator("__").separator("__")
}

#[cfg(test)]
mod tests {
    use config::{Config, File, FileFormat};

    use super::super::{DEFAULTS, GenericPlans, Settings};
    use super::*;

    /// Reads the defaults and these environment variables.
    fn read(variables: &[(&str, &str)]) -> Result<Settings, config::ConfigError> {
        let variables = variables.iter().map(|(name, text)| (format!("STOCKROOM__{name}"), (*text).to_owned()));
        Config::builder()
            .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
            .add_source(source().source(Some(variables.collect())))
            .build()?
            .try_deserialize()
    }

    #[test]
    fn text_of_the_environment_is_taken_as_it_is() {
        for text in ["12345678901234567890", "123456", "007", "1e5", "1.50", "true", "OFF", "inf", "a,b", " "] {
            let settings = read(&[
                ("PAYMENTS__PROVIDERS__STRIPE__SECRET", text),
                ("MAIL__PASSWORD", text),
                ("MAIL__USERNAME", text),
                ("AUTH__JWT_SECRET", text),
                ("AUTH__ISSUER", text),
                ("METRICS__TOKEN", text),
                ("DATABASE__URL", text),
                ("DATABASE__DATA_DIR", text),
                ("SERVER__PUBLIC_URL", text),
            ])
            .unwrap();
            assert_eq!(settings.payments.providers["stripe"].secret.reveal(), text);
            assert_eq!((settings.mail.password.reveal(), settings.mail.username.as_str()), (text, text));
            assert_eq!((settings.auth.jwt_secret.reveal(), settings.auth.issuer.as_str()), (text, text));
            assert_eq!((settings.metrics.token.reveal(), settings.database.url.reveal()), (text, text));
            assert_eq!(settings.database.data_dir, std::path::Path::new(text));
            assert_eq!(settings.server.public_url, text);
        }
    }

    #[test]
    fn numbers_switches_and_lists_of_the_environment_are_read_as_such() {
        let settings = read(&[
            ("SERVER__PORT", "0"),
            ("PAYMENTS__WINDOW_SECONDS", "60"),
            ("DATABASE__PREPARED_STATEMENTS", "off"),
            ("DATABASE__GENERIC_PLANS", "off"),
            ("SERVER__ALLOWED_HOSTS", "shop.example.com, 10"),
            ("SERVER__CORS_ORIGINS", ""),
        ])
        .unwrap();
        assert_eq!((settings.server.port, settings.payments.window_seconds), (0, 60));
        assert!(!settings.database.prepared_statements);
        assert_eq!(settings.database.generic_plans, GenericPlans::Off);
        assert_eq!(settings.server.allowed_hosts, ["shop.example.com", "10"]);
        assert!(settings.server.cors_origins.is_empty());
        for wrong in ["", "1.5", "many", "-1"] {
            assert!(read(&[("SERVER__PORT", wrong)]).is_err(), "{wrong}");
        }
    }
}
