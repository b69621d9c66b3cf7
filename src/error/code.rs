//! The error codes for clients, each with its status and title.

use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::kernel::schema;

macro_rules! codes {
    ($($code:ident = $text:literal, $status:ident, $title:literal;)+) => {
        /// The closed list of error codes. Clients decide by the code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub enum Code {
            $(#[serde(rename = $text)] $code,)+
        }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$code),+];

            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $text,)+ }
            }

            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$code => StatusCode::$status,)+ }
            }

            /// True if its errors have a `Retry-After` header.
            #[must_use]
            pub const fn has_retry_after(self) -> bool {
                matches!(self, Self::RateLimited | Self::DatabaseUnavailable | Self::Busy | Self::OutcomeUnknown)
            }

            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$code => $title,)+ }
            }
        }
    };
}

codes! {
    InsufficientStock = "INSUFFICIENT_STOCK", BAD_REQUEST, "Insufficient stock";
    CartEmpty = "CART_EMPTY", BAD_REQUEST, "Cart empty";
    MalformedRequest = "MALFORMED_REQUEST", BAD_REQUEST, "Malformed request";
    Unauthenticated = "UNAUTHENTICATED", UNAUTHORIZED, "Authentication required";
    InvalidCredentials = "INVALID_CREDENTIALS", UNAUTHORIZED, "Invalid credentials";
    TokenExpired = "TOKEN_EXPIRED", UNAUTHORIZED, "Token expired";
    Forbidden = "FORBIDDEN", FORBIDDEN, "Forbidden";
    NotFound = "NOT_FOUND", NOT_FOUND, "Not found";
    StoreNotFound = "STORE_NOT_FOUND", NOT_FOUND, "Store not found";
    UserNotFound = "USER_NOT_FOUND", NOT_FOUND, "User not found";
    ProductNotFound = "PRODUCT_NOT_FOUND", NOT_FOUND, "Product not found";
    SizeNotFound = "SIZE_NOT_FOUND", NOT_FOUND, "Size not found";
    LocationNotFound = "LOCATION_NOT_FOUND", NOT_FOUND, "Location not found";
    CartItemNotFound = "CART_ITEM_NOT_FOUND", NOT_FOUND, "Cart item not found";
    ReservationNotFound = "RESERVATION_NOT_FOUND", NOT_FOUND, "Reservation not found";
    TransferNotFound = "TRANSFER_NOT_FOUND", NOT_FOUND, "Transfer not found";
    CountNotFound = "COUNT_NOT_FOUND", NOT_FOUND, "Count not found";
    SupplierNotFound = "SUPPLIER_NOT_FOUND", NOT_FOUND, "Supplier not found";
    PurchaseOrderNotFound = "PURCHASE_ORDER_NOT_FOUND", NOT_FOUND, "Purchase order not found";
    OrderNotFound = "ORDER_NOT_FOUND", NOT_FOUND, "Order not found";
    ReturnNotFound = "RETURN_NOT_FOUND", NOT_FOUND, "Return not found";
    AlertNotFound = "ALERT_NOT_FOUND", NOT_FOUND, "Alert not found";
    ShipmentNotFound = "SHIPMENT_NOT_FOUND", NOT_FOUND, "Shipment not found";
    ImportNotFound = "IMPORT_NOT_FOUND", NOT_FOUND, "Import not found";
    WebhookNotFound = "WEBHOOK_NOT_FOUND", NOT_FOUND, "Webhook not found";
    AddressNotFound = "ADDRESS_NOT_FOUND", NOT_FOUND, "Address not found";
    MethodNotAllowed = "METHOD_NOT_ALLOWED", METHOD_NOT_ALLOWED, "Method not allowed";
    RequestTimeout = "REQUEST_TIMEOUT", REQUEST_TIMEOUT, "Request timeout";
    OrderNotCancellable = "ORDER_NOT_CANCELLABLE", CONFLICT, "Order not cancellable";
    InvalidTransition = "INVALID_TRANSITION", CONFLICT, "Invalid transition";
    AlreadyPaid = "ALREADY_PAID", CONFLICT, "Already paid";
    PaymentReferenceUsed = "PAYMENT_REFERENCE_USED", CONFLICT, "Payment reference used";
    PaymentExpired = "PAYMENT_EXPIRED", CONFLICT, "Payment expired";
    PriceChanged = "PRICE_CHANGED", CONFLICT, "Price changed";
    StaleStock = "STALE_STOCK", CONFLICT, "Stale stock";
    StockBelowReserved = "STOCK_BELOW_RESERVED", CONFLICT, "Stock below reserved";
    ProductUnavailable = "PRODUCT_UNAVAILABLE", CONFLICT, "Product unavailable";
    ReservationExpired = "RESERVATION_EXPIRED", CONFLICT, "Reservation expired";
    ReservationClosed = "RESERVATION_CLOSED", CONFLICT, "Reservation closed";
    RequestInProgress = "REQUEST_IN_PROGRESS", CONFLICT, "Request in progress";
    StaleDocument = "STALE_DOCUMENT", CONFLICT, "Stale document";
    OverReceipt = "OVER_RECEIPT", CONFLICT, "Over-receipt";
    QuantityExceeded = "QUANTITY_EXCEEDED", CONFLICT, "Quantity exceeded";
    ReturnNotAllowed = "RETURN_NOT_ALLOWED", CONFLICT, "Return not allowed";
    Duplicate = "DUPLICATE", CONFLICT, "Duplicate";
    MailNotConfigured = "MAIL_NOT_CONFIGURED", CONFLICT, "Mail not configured";
    LocationClosed = "LOCATION_CLOSED", CONFLICT, "Location closed";
    LocationNotEmpty = "LOCATION_NOT_EMPTY", CONFLICT, "Location not empty";
    LastLocation = "LAST_LOCATION", CONFLICT, "Last location";
    LastAdmin = "LAST_ADMIN", CONFLICT, "Last administrator";
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", PAYLOAD_TOO_LARGE, "Payload too large";
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type";
    ValidationFailed = "VALIDATION_FAILED", UNPROCESSABLE_ENTITY, "Validation failed";
    SizeRequired = "SIZE_REQUIRED", UNPROCESSABLE_ENTITY, "Size required";
    InvalidBarcode = "INVALID_BARCODE", UNPROCESSABLE_ENTITY, "Invalid barcode";
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED", UNPROCESSABLE_ENTITY, "Idempotency key reused";
    ResetTokenInvalid = "RESET_TOKEN_INVALID", UNPROCESSABLE_ENTITY, "Reset token invalid";
    HeadersTooLarge = "HEADERS_TOO_LARGE", REQUEST_HEADER_FIELDS_TOO_LARGE, "Headers too large";
    RateLimited = "RATE_LIMITED", TOO_MANY_REQUESTS, "Rate limited";
    Internal = "INTERNAL", INTERNAL_SERVER_ERROR, "Internal error";
    DatabaseUnavailable = "DATABASE_UNAVAILABLE", SERVICE_UNAVAILABLE, "Database unavailable";
    Busy = "BUSY", SERVICE_UNAVAILABLE, "Busy";
    OutcomeUnknown = "OUTCOME_UNKNOWN", SERVICE_UNAVAILABLE, "Outcome unknown";
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let schema = schema::string_enum(Self::ALL.iter().map(|code| code.as_str()));
        schema.description(Some("The closed list of codes that clients may act on.")).into()
    }
}

impl ToSchema for Code {}
