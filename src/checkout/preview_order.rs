//! The schema of the order in a preview. Its numbers are null, because they are assigned when the order is placed.

use utoipa::openapi::schema::{ArrayBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::kernel::schema;
use crate::orders::response::{OrderItemResponse, OrderResponse, StockReductionResponse};

/// An order of a preview.
pub struct PreviewOrder;

/// An order item of a preview.
struct PreviewOrderItem;

/// The stock reduction of a preview.
struct PreviewStockReduction;

impl PartialSchema for PreviewOrder {
    fn schema() -> RefOr<Schema> {
        let list_of = |name| ArrayBuilder::new().items(Ref::from_schema_name(name)).into();
        let replaced = [
            ("id", null_or_id()),
            ("order_number", null_or_text()),
            ("items", list_of(PreviewOrderItem::name())),
            ("stock_reductions", list_of(PreviewStockReduction::name())),
        ];
        replace(OrderResponse::schema(), replaced)
    }
}

impl ToSchema for PreviewOrder {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        OrderResponse::schemas(schemas);
        schemas.push((PreviewOrderItem::name().into_owned(), PreviewOrderItem::schema()));
        schemas.push((PreviewStockReduction::name().into_owned(), PreviewStockReduction::schema()));
    }
}

impl PartialSchema for PreviewOrderItem {
    fn schema() -> RefOr<Schema> {
        replace(OrderItemResponse::schema(), [("id", null_or_id())])
    }
}

impl ToSchema for PreviewOrderItem {}

impl PartialSchema for PreviewStockReduction {
    fn schema() -> RefOr<Schema> {
        replace(StockReductionResponse::schema(), [("reference_id", null_or_text())])
    }
}

impl ToSchema for PreviewStockReduction {}

fn null_or_id() -> RefOr<Schema> {
    schema::id().schema_type(SchemaType::from_iter([Type::Integer, Type::Null])).into()
}

fn null_or_text() -> RefOr<Schema> {
    schema::text(1, 255).schema_type(SchemaType::from_iter([Type::String, Type::Null])).into()
}

/// Returns the schema with other schemas for some of its fields.
fn replace<const N: usize>(schema: RefOr<Schema>, fields: [(&str, RefOr<Schema>); N]) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut object)) = schema else { return schema };
    object.properties.extend(fields.map(|(name, schema)| (name.to_owned(), schema)));
    Schema::Object(object).into()
}
