//! The schemas of requests and responses.

use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};

use crate::kernel::schema;

/// Creates a schema when the document is created. The routes of every thread do without it.
pub type MakeSchema = fn() -> SchemaOf;

/// A schema, and all schemas that it refers to, for the components of the document.
pub struct SchemaOf {
    pub reference: RefOr<Schema>,
    pub components: Vec<(String, RefOr<Schema>)>,
}

impl SchemaOf {
    pub fn new<T: ToSchema>() -> Self {
        let mut components = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut components);
        Self { reference: Ref::from_schema_name(T::name()).into(), components }
    }

    pub fn any_object() -> Self {
        let object = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Object));
        Self { reference: object.into(), components: Vec::new() }
    }

    /// An array of objects whose values are cells.
    pub fn any_rows() -> Self {
        let mut schema = Self::any_object();
        schema.reference = ArrayBuilder::new().items(schema.reference).into();
        schema
    }

    pub fn text() -> Self {
        let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
        Self { reference: text.into(), components: Vec::new() }
    }

    pub fn array_of<T: ToSchema>() -> Self {
        let mut schema = Self::new::<T>();
        schema.reference = ArrayBuilder::new().items(schema.reference).into();
        schema
    }

    pub fn list_of<T: ToSchema>() -> Self {
        Self::page_of::<T>(false)
    }

    pub fn feed_of<T: ToSchema>() -> Self {
        Self::page_of::<T>(true)
    }

    /// One page of items. Of a list that is also a feed, some numbers may be null.
    pub fn page_of<T: ToSchema>(is_feed: bool) -> Self {
        let mut schema = Self::new::<T>();
        let items = ArrayBuilder::new().items(schema.reference).max_items(Some(100));
        let mut list = ObjectBuilder::new().property("items", items).required("items");
        for (name, minimum) in [("total", 0), ("page", 1), ("limit", 1), ("pages", 0)] {
            let number = schema::integer(minimum);
            let number = if is_feed && name != "limit" { schema::or_null(number) } else { number };
            list = list.property(name, number).required(name);
        }
        if is_feed {
            list = list.property("next", schema::next_of_feed()).required("next");
        }
        let name = format!("{}List", T::name());
        schema.reference = Ref::from_schema_name(&name).into();
        schema.components.push((name, list.into()));
        schema
    }
}
