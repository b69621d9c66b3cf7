//! The requests that create and change stores.

use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use validator::Validate;

use crate::error::ApiError;
use crate::kernel::language::Language;
use crate::kernel::money::{AmountInput, Currency, Money};
use crate::kernel::quantity::{ReturnWindowDays, ServiceLevel, StockQuantity, WholePercent};
use crate::kernel::rate::Rate;
use crate::kernel::text;
use crate::stores::code::StoreCode;
use crate::stores::count_tolerance::CountToleranceInput;
use crate::stores::payment_methods::PaymentMethods;
use crate::stores::settings::{CURRENCY, DEFAULT_RETURN_WINDOW_DAYS, NewStore, StoreChange, shipping};
use crate::stores::tax_rates::ShippingTax;
use crate::stores::time_zone::TimeZone;

/// A percentage in a request, as a number or as a string that contains one.
pub(super) fn percent() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Number, Type::String]))
        .minimum(Some(0))
        .maximum(Some(100))
        .pattern(Some(r"^(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$"))
        .description(Some("Percent, with at most 4 decimals: a number, or a string that holds one"))
}

/// A new store.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStoreRequest {
    code: StoreCode,
    /// At least one visible character.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: String,
    /// ISO 4217 code. It can be changed until the store has products.
    #[serde(default = "default_currency")]
    #[schema(default = "INR", pattern = "^[A-Z]{3}$", min_length = 3, max_length = 3)]
    currency: String,
    #[serde(default)]
    #[schema(schema_with = percent)]
    tax_rate: Rate,
    shipping_flat_rate: Option<AmountInput>,
    /// True if guests may order without an account.
    #[serde(default)]
    guest_orders: bool,
    /// True if adding to a cart reserves the units for a limited time.
    #[serde(default)]
    hold_cart_items: bool,
    #[serde(default)]
    payment_methods: PaymentMethods,
    #[serde(default)]
    #[validate(nested)]
    count_tolerance: CountToleranceRequest,
    /// The surplus that staff may receive without `inventory:approve`, in percent of a line of a purchase order.
    #[serde(default)]
    over_receipt_percent: WholePercent,
    /// True if prices and the delivery contain their taxes. They are added otherwise.
    #[serde(default)]
    prices_include_tax: bool,
    #[serde(default)]
    #[schema(required = false)]
    shipping_tax: ShippingTax,
    /// The number of days after a delivery in which customers may ask to return its units. 0: never. Null: without an end.
    #[serde(default = "default_return_window")]
    #[schema(default = 30)]
    return_window_days: Option<ReturnWindowDays>,
    /// A name of the IANA time zone database, in its exact spelling. Days and hours are those of this zone.
    #[serde(default)]
    #[schema(required = false, default = "UTC")]
    time_zone: TimeZone,
    /// The language of the mails of the store.
    #[serde(default)]
    #[schema(required = false)]
    language: Language,
    /// True if buyers get mails about their orders, as soon as the server sends mail.
    #[serde(default = "yes")]
    #[schema(default = true)]
    order_mails: bool,
    /// The share of lead times, in percent, whose demand the reorder point covers.
    #[serde(default)]
    #[schema(default = 95)]
    service_level: ServiceLevel,
}

const fn yes() -> bool {
    true
}

fn default_currency() -> String {
    "INR".to_owned()
}

fn default_return_window() -> Option<ReturnWindowDays> {
    ReturnWindowDays::new(DEFAULT_RETURN_WINDOW_DAYS)
}

impl TryFrom<NewStoreRequest> for NewStore {
    type Error = ApiError;

    fn try_from(request: NewStoreRequest) -> Result<Self, ApiError> {
        let NewStoreRequest {
            code,
            name,
            currency,
            tax_rate,
            shipping_flat_rate,
            guest_orders,
            hold_cart_items,
            payment_methods,
            count_tolerance,
            over_receipt_percent,
            prices_include_tax,
            shipping_tax,
            return_window_days,
            time_zone,
            language,
            order_mails,
            service_level,
        } = request;
        let currency = parse_currency(&currency)?;
        let shipping_flat_rate = match shipping_flat_rate {
            Some(amount) => shipping(amount, &currency)?,
            None => Money(0),
        };
        let count_tolerance = CountToleranceInput::from(count_tolerance).in_currency(&currency)?;
        Ok(Self {
            code,
            name,
            currency,
            tax_rate,
            shipping_flat_rate,
            guest_orders,
            hold_cart_items,
            payment_methods,
            count_tolerance,
            over_receipt_percent: over_receipt_percent.get(),
            prices_include_tax,
            shipping_tax,
            return_window_days: return_window_days.map(ReturnWindowDays::get),
            time_zone,
            language,
            order_mails,
            service_level: service_level.get(),
        })
    }
}

fn parse_currency(code: &str) -> Result<Currency, ApiError> {
    Currency::parse(code).map_err(|message| ApiError::field(CURRENCY, message))
}

/// The changes to a store. Absent fields stay unchanged.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StorePatchRequest {
    /// At least one visible character.
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: Option<String>,
    /// Can only change while the store has no products.
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    #[schema(pattern = "^[A-Z]{3}$", min_length = 3, max_length = 3)]
    currency: Option<String>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(required = false, schema_with = percent)]
    tax_rate: Option<Rate>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    shipping_flat_rate: Option<AmountInput>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    guest_orders: Option<bool>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    hold_cart_items: Option<bool>,
    /// Replaces all payment methods: absent methods are removed.
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    payment_methods: Option<PaymentMethods>,
    /// Replaces both limits: an absent one becomes 0.
    #[serde(default, deserialize_with = "text::some")]
    #[validate(nested)]
    #[schema(nullable = false)]
    count_tolerance: Option<CountToleranceRequest>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    over_receipt_percent: Option<WholePercent>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    prices_include_tax: Option<bool>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    shipping_tax: Option<ShippingTax>,
    /// Null sets a window without an end.
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<ReturnWindowDays>)]
    return_window_days: Option<Option<ReturnWindowDays>>,
    /// A name of the IANA time zone database, in its exact spelling. Answers about the past use the new zone, too.
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    time_zone: Option<TimeZone>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    language: Option<Language>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    order_mails: Option<bool>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    service_level: Option<ServiceLevel>,
}

impl TryFrom<StorePatchRequest> for StoreChange {
    type Error = ApiError;

    fn try_from(request: StorePatchRequest) -> Result<Self, ApiError> {
        let StorePatchRequest {
            name,
            currency,
            tax_rate,
            shipping_flat_rate,
            guest_orders,
            hold_cart_items,
            payment_methods,
            count_tolerance,
            over_receipt_percent,
            prices_include_tax,
            shipping_tax,
            return_window_days,
            time_zone,
            language,
            order_mails,
            service_level,
        } = request;
        let currency = currency.as_deref().map(parse_currency).transpose()?;
        Ok(Self {
            name,
            currency,
            tax_rate,
            shipping_flat_rate,
            guest_orders,
            hold_cart_items,
            payment_methods,
            count_tolerance: count_tolerance.map(CountToleranceInput::from),
            over_receipt_percent: over_receipt_percent.map(WholePercent::get),
            prices_include_tax,
            shipping_tax,
            return_window_days: return_window_days.map(|days| days.map(ReturnWindowDays::get)),
            time_zone,
            language,
            order_mails,
            service_level: service_level.map(ServiceLevel::get),
        })
    }
}

/// The largest difference that a counted line may have to be posted without approval. Both limits must hold.
#[derive(Clone, Copy, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountToleranceRequest {
    /// In units, 0 by default.
    #[serde(default)]
    #[schema(required = false)]
    units: StockQuantity,
    /// In the store's currency, 0 by default.
    value: Option<AmountInput>,
}

impl From<CountToleranceRequest> for CountToleranceInput {
    fn from(request: CountToleranceRequest) -> Self {
        let CountToleranceRequest { units, value } = request;
        Self { units: units.get(), value }
    }
}
