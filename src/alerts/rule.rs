//! The rules by which staff get alerts.

use chrono::{DateTime, Duration, DurationRound, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::email::Email;
use crate::kernel::folded_text::fold;
use crate::kernel::id::{AlertId, LocationId, ProductId, WebhookId};
use crate::kernel::moment::after;
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The facts that a rule is about.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum AlertKind {
        LowStock,
        OutOfStock,
        BackInStock,
        RefundDue,
        OrderLate,
        CountVariance,
        BooksBroken,
    }
}

text_enum! {
    /// `none`: a mail for each alert. Otherwise one mail for all alerts of an hour, or of a day (UTC).
    #[derive(Default, Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum Digest {
        #[default]
        None,
        Hourly,
        Daily,
    }
}

/// The age at which an order is late, unless the rule has another one.
pub const DEFAULT_AFTER_HOURS: i64 = 48;

/// A rule of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub id: AlertId,
    pub kind: AlertKind,
    pub settings: RuleSettings,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The data of a rule that staff can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSettings {
    pub filter: RuleFilter,
    pub to: Vec<Recipient>,
    pub digest: Digest,
    pub active: bool,
    /// Set for late orders only.
    pub after_hours: Option<i64>,
}

/// The conditions of a rule. All of them must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleFilter {
    pub category: Option<String>,
    pub location: Option<LocationId>,
    /// Empty for all products.
    pub products: Vec<ProductId>,
}

/// The recipient of alerts: `mail:` and an e-mail address, or `webhook:` and the id of a webhook of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    Mail(Email),
    Webhook(WebhookId),
}

impl Recipient {
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text.split_once(':') {
            Some(("mail", address)) => Email::parse(address).map(Self::Mail),
            Some(("webhook", id)) => {
                let id = id.parse().ok().filter(|number: &i64| *number > 0 && number.to_string() == id);
                id.map(|id| Self::Webhook(WebhookId(id))).ok_or("must be webhook: and the id of a webhook")
            }
            _ => Err("must be mail: and an e-mail address, or webhook: and the id of a webhook"),
        }
    }
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mail(address) => write!(f, "mail:{}", address.as_str()),
            Self::Webhook(id) => write!(f, "webhook:{id}"),
        }
    }
}

impl RuleSettings {
    /// The webhooks that the alerts go to.
    pub fn webhooks(&self) -> impl Iterator<Item = WebhookId> {
        self.to.iter().filter_map(|to| match to {
            Recipient::Webhook(id) => Some(*id),
            Recipient::Mail(_) => None,
        })
    }
}

impl AlertKind {
    pub const fn is_about_stock(self) -> bool {
        matches!(self, Self::LowStock | Self::OutOfStock | Self::BackInStock)
    }

    /// The field of a filter that has no meaning for this kind.
    #[must_use]
    pub fn unusable_filter(self, filter: &RuleFilter) -> Option<&'static str> {
        let of_products = self.is_about_stock();
        let unusable = [
            ("category", filter.category.is_some() && !of_products),
            ("product_ids", !filter.products.is_empty() && !of_products),
            ("location_id", filter.location.is_some() && !of_products && self != Self::CountVariance),
        ];
        unusable.into_iter().find(|(_, is_unusable)| *is_unusable).map(|(field, _)| field)
    }
}

impl RuleFilter {
    #[must_use]
    pub fn matches_product(&self, product: ProductId, category: Option<&str>) -> bool {
        let is_of_category = self
            .category
            .as_deref()
            .is_none_or(|wanted| category.is_some_and(|category| fold(category) == fold(wanted)));
        is_of_category && (self.products.is_empty() || self.products.contains(&product))
    }

    #[must_use]
    pub fn matches_location(&self, location: LocationId) -> bool {
        self.location.is_none_or(|wanted| wanted == location)
    }
}

impl Digest {
    /// The end of the hour or the day. None if alerts are not collected.
    #[must_use]
    pub fn due_at(self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let period = match self {
            Self::None => return None,
            Self::Hourly => Duration::hours(1),
            Self::Daily => Duration::days(1),
        };
        Some(after(at.duration_trunc(period).unwrap_or(at), period))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_an_address_of_mail_or_a_webhook() {
        assert_eq!(Recipient::parse("mail:Ann@Example.com").unwrap().to_string(), "mail:ann@example.com");
        assert_eq!(Recipient::parse("webhook:7").unwrap(), Recipient::Webhook(WebhookId(7)));
        for refused in [
            "ann@example.com",
            "mail:",
            "mail:ann",
            "MAIL:ann@example.com",
            "webhook:",
            "webhook:0",
            "webhook:+7",
            "webhook:07",
            "webhook:seven",
            "sms:1",
            "",
            "mail:ann@example.com\r\nBcc: eve@example.com",
            "mail:=?utf-8?q?ann?=@example.com",
            "mail:ａnn@example.com",
            "mail:ann@example.com,eve@example.com",
        ] {
            assert!(Recipient::parse(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_digest_is_due_at_the_end_of_its_hour_or_day() {
        let due = |digest: Digest, at: &str| digest.due_at(at.parse().unwrap()).map(|due| due.to_rfc3339());
        assert_eq!(due(Digest::None, "2026-11-21T10:30:00Z"), None);
        assert_eq!(due(Digest::Hourly, "2026-11-21T10:30:00Z").unwrap(), "2026-11-21T11:00:00+00:00");
        assert_eq!(due(Digest::Hourly, "2026-11-21T23:00:00Z").unwrap(), "2026-11-22T00:00:00+00:00");
        assert_eq!(due(Digest::Daily, "2026-12-31T23:59:59Z").unwrap(), "2027-01-01T00:00:00+00:00");
    }

    #[test]
    fn a_filter_matches_products_and_places() {
        let filter = RuleFilter { category: Some("Épices".into()), location: Some(LocationId(2)), products: vec![] };
        assert!(filter.matches_product(ProductId(1), Some("epices")) && !filter.matches_product(ProductId(1), None));
        assert!(filter.matches_location(LocationId(2)) && !filter.matches_location(LocationId(3)));
        let filter = RuleFilter { products: vec![ProductId(7)], ..RuleFilter::default() };
        assert!(filter.matches_product(ProductId(7), None) && !filter.matches_product(ProductId(8), None));
        assert_eq!(AlertKind::LowStock.unusable_filter(&filter), None);
        assert_eq!(AlertKind::OrderLate.unusable_filter(&filter), Some("product_ids"));
    }
}
