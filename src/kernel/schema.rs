//! Schemas of the OpenAPI document that cannot be derived from a type.

use strum::VariantArray;
use utoipa::openapi::RefOr;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::schema::{
    ArrayBuilder, KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, SchemaType, Type,
};

use super::id::MAX_ID;

/// Describes types by schemas that are built here.
macro_rules! schemas {
    ($($name:ident: $schema:expr;)+) => {$(
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $schema.into()
            }
        }
        impl utoipa::ToSchema for $name {}
    )+};
}

pub(crate) use schemas;

/// Marks a field that only callers with a permission receive. Only such nullable fields may be absent.
pub const REQUIRED_PERMISSION: &str = "x-required-permission";

/// A string with these allowed values.
pub fn string_enum<'a>(values: impl IntoIterator<Item = &'a str>) -> ObjectBuilder {
    let values: Vec<&str> = values.into_iter().collect();
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).enum_values(Some(values))
}

/// A string with the words of an enum as allowed values.
pub fn words<T: VariantArray + Copy + Into<&'static str>>() -> ObjectBuilder {
    string_enum(T::VARIANTS.iter().map(|word| (*word).into()))
}

/// The names of the values of an enum, in the same order. Some generated clients use them as names of constants.
const VALUE_NAMES: &str = "x-enum-varnames";

/// The schema of `?sort=`: one of the columns, with `-` before it for descending. A generated client may send the
/// default explicitly. So a list has a default only if it is valid with all other parameters.
pub fn sort(columns: &[&str], default: Option<&str>) -> ObjectBuilder {
    let descending = columns.iter().map(|column| format!("-{column}"));
    let all: Vec<String> = columns.iter().map(|column| (*column).to_owned()).chain(descending).collect();
    let name = |value: &String| match value.strip_prefix('-') {
        Some(column) => format!("{}_DESC", column.to_uppercase()),
        None => value.to_uppercase(),
    };
    let names: Vec<String> = all.iter().map(name).collect();
    string_enum(all.iter().map(String::as_str))
        .default(default.map(Into::into))
        .extensions(Some(ExtensionsBuilder::new().add(VALUE_NAMES, names).build()))
}

/// An id, as a number.
pub fn id() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Integer))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(1))
        .maximum(Some(MAX_ID))
}

/// A field that only callers with this permission receive.
pub fn with_permission(permission: &str) -> ObjectBuilder {
    let extensions = ExtensionsBuilder::new().add(REQUIRED_PERMISSION, permission).build();
    ObjectBuilder::new().extensions(Some(extensions))
}

/// An integer with a minimum.
pub fn integer(minimum: i64) -> ObjectBuilder {
    id().minimum(Some(minimum))
}

/// The same, or null.
pub fn or_null(number: ObjectBuilder) -> ObjectBuilder {
    number.schema_type(SchemaType::Array(vec![Type::Integer, Type::Null]))
}

/// The cursor after the rows of a response, in a feed.
pub fn next_of_feed() -> ObjectBuilder {
    text(1, 50).description(Some(
        "The cursor after the last row: send it as `after` to continue. Without `after`, it is the end of the feed.",
    ))
}

/// Text with a minimal and a maximal length.
pub fn text(min: usize, max: usize) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).min_length(Some(min)).max_length(Some(max))
}

/// Texts by name.
pub fn texts_by_name(description: &str, max_length: usize) -> ObjectBuilder {
    let value = RefOr::<Schema>::from(text(1, max_length));
    ObjectBuilder::new().additional_properties(Some(value)).description(Some(description))
}

/// A list of texts.
pub fn texts(description: &str, max_length: usize) -> ArrayBuilder {
    ArrayBuilder::new().items(text(1, max_length)).description(Some(description))
}

/// An id as a number, or a name as a string.
pub fn id_or_name(description: &str, max_length: usize) -> Schema {
    OneOfBuilder::new().item(id()).item(text(1, max_length)).description(Some(description)).build().into()
}
