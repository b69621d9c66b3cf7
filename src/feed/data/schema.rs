//! The data of events in the OpenAPI document.

use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::order::{OrderCreditData, OrderPaidData, OrderRefundData, OrderStatusData};
use super::stored::{PriceChangedData, ProductEventData, StockStatusData};
use crate::inventory::api::movements::MovementResponse;
use crate::inventory::api::reservations::ReservationResponse;
use crate::kernel::schema::{id, integer, schemas, text};
use crate::orders::response::{OrderResponse, ShipmentResponse};

/// The data of an event, which depends on its type.
pub enum EventData {}

const DESCRIPTION: &str = "The facts of the event, as they were at that time. The fields depend on the type:

| types | fields |
|---|---|
| `order.placed` | `OrderResponse`: the order as it was placed |
| `order.paid` | `OrderPaidData` |
| `order.status_changed`, `order.cancelled`, `order.payment_failed`, `order.payment_expired` | `OrderStatusData` |
| `order.lines_cancelled`, `order.credited` | `OrderCreditData` |
| `order.refund_recorded` | `OrderRefundData` |
| `shipment.*` | `ShipmentResponse` |
| `return.*`, `transfer.*`, `purchase_order.*`, `count.posted` | `DocumentEventData` |
| `stock.changed` | `MovementResponse` |
| `stock.low`, `stock.out`, `stock.back` | `StockStatusData` |
| `reservation.*` | `ReservationResponse` |
| `product.*` | `ProductEventData` |
| `price.changed` | `PriceChangedData` |";

/// A document at the time of the event.
pub enum DocumentEventData {}

/// A line of a document at that time.
pub enum DocumentEventLine {}

schemas! {
    DocumentEventData: ObjectBuilder::new()
        .description(Some("The document as it was then. The further fields are those of its kind of document."))
        .property("status", text(1, 50))
        .required("status")
        .property("version", integer(1))
        .required("version")
        .property("reason", ObjectBuilder::new()
            .schema_type(SchemaType::Array(vec![Type::String, Type::Null]))
            .max_length(Some(500)))
        .required("reason")
        .property("lines", ArrayBuilder::new()
            .items(RefOr::<Schema>::from(Ref::from_schema_name(DocumentEventLine::name())))
            .description(Some("The lines with their units. Absent for counts.")))
        .additional_properties(Some(AdditionalProperties::FreeForm(true)));
    DocumentEventLine: ObjectBuilder::new()
        .description(Some("A line. The further fields are its units, under the names of the document's lines."))
        .property("id", id())
        .required("id")
        .property("product_id", id())
        .required("product_id")
        .property("variant_id", id())
        .required("variant_id")
        .property("sku", text(1, 151))
        .required("sku")
        .property("quantity", integer(0))
        .required("quantity")
        .property("outstanding_quantity", integer(0))
        .required("outstanding_quantity")
        .additional_properties(Some(AdditionalProperties::FreeForm(true)));
}

macro_rules! any_of {
    ($($schema:ty),+ $(,)?) => {
        impl PartialSchema for EventData {
            fn schema() -> RefOr<Schema> {
                let any = AnyOfBuilder::new().description(Some(DESCRIPTION));
                $(let any = any.item(Ref::from_schema_name(<$schema>::name()));)+
                Schema::AnyOf(any.build()).into()
            }
        }

        impl ToSchema for EventData {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                $(
                    schemas.push((<$schema>::name().into_owned(), <$schema>::schema()));
                    <$schema>::schemas(schemas);
                )+
                schemas.push((DocumentEventLine::name().into_owned(), DocumentEventLine::schema()));
            }
        }
    };
}

any_of!(
    OrderResponse,
    OrderPaidData,
    OrderStatusData,
    OrderCreditData,
    OrderRefundData,
    ShipmentResponse,
    DocumentEventData,
    MovementResponse,
    StockStatusData,
    ReservationResponse,
    ProductEventData,
    PriceChangedData,
);
