//! The operation that streams the available units of products.

use std::collections::BTreeSet;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use diesel::PgConnection;
use futures_util::stream;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;
use utoipa::openapi::schema::ArrayBuilder;
use validator::Validate;

use super::stream::refuse;
use crate::auth::{Ctx, Scope};
use crate::catalogue::queries::products::not_found;
use crate::error::{Abort, ApiError};
use crate::feed::availability::{self, AvailabilityListener, AvailabilityStreams, AvailableProduct};
use crate::feed::queries;
use crate::http::Query;
use crate::http::client_address::client_address;
use crate::http::event_stream::{self, NoSlot};
use crate::kernel::current_request;
use crate::kernel::id::{ProductId, ProductRef, StoreId};
use crate::kernel::schema;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AvailabilityStreamQuery {
    #[serde(default, rename = "product_id", deserialize_with = "names_in_query")]
    #[param(schema_with = names, required = true)]
    products: Vec<ProductRef>,
}

const MAX_NAMES: usize = 100;

fn names() -> ArrayBuilder {
    let description = "The ids or SKUs of the products.";
    ArrayBuilder::new()
        .items(schema::text(1, 100))
        .min_items(Some(1))
        .max_items(Some(MAX_NAMES))
        .description(Some(description))
}

fn names_in_query<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ProductRef>, D::Error> {
    let names: Vec<ProductRef> = String::deserialize(deserializer)?.split(',').map(ProductRef::from_path).collect();
    match names.len() {
        0..=MAX_NAMES => Ok(names),
        _ => Err(D::Error::custom(format!("must name at most {MAX_NAMES} products"))),
    }
}

/// `GET /availability/stream`
pub async fn stream(
    request: HttpRequest,
    query: Query<AvailabilityStreamQuery>,
    streams: Data<AvailabilityStreams>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    if query.0.products.is_empty() {
        return Err(ApiError::field("product_id", "must name 1 to 100 products"));
    }
    let slot = streams.take_slot(client_address(&request)).map_err(refuse)?;
    let names = query.0.products;
    let read = move |conn: &mut PgConnection, scope: &Scope| Ok((scope.store, load_named(conn, scope.store, &names)?));
    let first: (StoreId, Vec<AvailableProduct>) = ctx.read("begin_availability_stream", read).await?;
    let ends = current_request::connection_ends();
    let listener = AvailabilityListener::new(&streams, first, slot, ends).ok_or_else(|| refuse(NoSlot::Full))?;
    let parts = stream::unfold(listener, |mut listener| async move { Some((listener.next().await?, listener)) });
    Ok(event_stream::respond(&request, parts))
}

/// The named products. Refuses unknown ones.
fn load_named(conn: &mut PgConnection, store: StoreId, names: &[ProductRef]) -> Result<Vec<AvailableProduct>, Abort> {
    let ids = queries::find_products(conn, store, names)?;
    let found = availability::load(conn, store, &ids.iter().copied().flatten().collect())?;
    let known: BTreeSet<ProductId> = found.iter().map(|product| product.product_id).collect();
    let is_known = |id: &Option<ProductId>| id.is_some_and(|id| known.contains(&id));
    match names.iter().zip(&ids).find(|(_, id)| !is_known(id)) {
        Some((name, _)) => Err(not_found(name).into()),
        None => Ok(found),
    }
}
