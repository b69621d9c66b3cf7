//! From the route table to OpenAPI 3.1.

use std::collections::BTreeMap;

use actix_web::http::Method;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ComponentsBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Required, ServerBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use super::endpoint::Endpoint;
use crate::access::Access;
use crate::error::{Code, FieldError, PROBLEM_JSON, Problem, StockError};

const SECURITY: &str = "bearer";

/// Describes every endpoint of the table.
#[must_use]
pub fn describe(table: Vec<Endpoint>) -> OpenApi {
    let mut schemas: BTreeMap<String, RefOr<Schema>> = BTreeMap::new();
    let mut paths = Paths::new();
    for endpoint in table {
        let components = [&endpoint.request, &endpoint.answer].into_iter().flatten();
        schemas.extend(components.flat_map(|schema| schema.components.clone()));
        let method = http_method(&endpoint.method);
        let path = endpoint.path;
        let item = PathItem::new(method, describe_endpoint(endpoint));
        match paths.paths.get_mut(path) {
            Some(known) => known.merge_operations(item),
            None => drop(paths.paths.insert(path.to_owned(), item)),
        }
    }
    for (name, schema) in [
        (Problem::name(), Problem::schema()),
        (Code::name(), Code::schema()),
        (FieldError::name(), FieldError::schema()),
        (StockError::name(), StockError::schema()),
    ] {
        schemas.insert(name.into_owned(), schema);
    }
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme(SECURITY, SecurityScheme::Http(bearer))
        .build();
    OpenApiBuilder::new().info(info()).servers(Some([server()])).paths(paths).components(Some(components)).build()
}

fn info() -> utoipa::openapi::Info {
    InfoBuilder::new()
        .title("Stockroom")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "A shop's stock and orders, and never a sale of what is not there.\n\n\
             Sign in with `POST /auth/login` and send the access token as `Authorization: Bearer …`. \
             `X-Store-Id` (id or code) selects the store; without it the first one is meant. \
             Calls that change something take an `Idempotency-Key`. \
             Every refusal is `application/problem+json` with a `code` to act on.",
        ))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").build()))
        .build()
}

fn server() -> utoipa::openapi::Server {
    ServerBuilder::new().url("/api/v1").build()
}

fn http_method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn describe_endpoint(endpoint: Endpoint) -> OperationBuilder {
    let codes = codes_of(&endpoint);
    let mut operation = OperationBuilder::new()
        .tag(tag_of(endpoint.path))
        .summary(Some(endpoint.summary))
        .description(Some(describe_access(endpoint.access)))
        .operation_id(Some(operation_id(&endpoint.method, endpoint.path)));
    for name in path_parameters(endpoint.path) {
        operation = operation.parameter(text_parameter(name, ParameterIn::Path, Required::True, ""));
    }
    for parameter in endpoint.query {
        operation = operation.parameter(parameter);
    }
    operation = operation.parameter(text_parameter(
        "X-Store-Id",
        ParameterIn::Header,
        Required::False,
        "Id or code of the store; without it the first one is meant",
    ));
    if let Access::Holder(_) = endpoint.access {
        operation = operation.parameter(text_parameter(
            "X-Order-Token",
            ParameterIn::Header,
            Required::False,
            "The `guest_token` of the order, instead of an access token",
        ));
    }
    if endpoint.takes_key {
        operation = operation.parameter(text_parameter(
            "Idempotency-Key",
            ParameterIn::Header,
            Required::False,
            "The same key and request again get the stored answer, and nothing happens twice",
        ));
    }
    if let Some(request) = endpoint.request {
        let content = ContentBuilder::new().schema(Some(request.reference)).build();
        let required = if endpoint.body_required { Required::True } else { Required::False };
        let body = RequestBodyBuilder::new().content("application/json", content).required(Some(required)).build();
        operation = operation.request_body(Some(body));
    }
    let mut success = ResponseBuilder::new().description(success_text(endpoint.success));
    if let Some(answer) = endpoint.answer {
        success = success.content("application/json", ContentBuilder::new().schema(Some(answer.reference)).build());
    }
    operation = operation.response(endpoint.success.to_string(), success);
    for (status, codes) in codes {
        operation = operation.response(status.to_string(), problem_response(&codes));
    }
    match endpoint.access {
        Access::Anonymous => operation,
        Access::Public | Access::Buyer | Access::Holder(_) => {
            operation.security(SecurityRequirement::default()).security(SecurityRequirement::new(SECURITY, [""; 0]))
        }
        Access::User => operation.security(SecurityRequirement::new(SECURITY, [""; 0])),
        Access::Admin => operation.security(SecurityRequirement::new(SECURITY, ["admin"])),
        Access::Permission(permission) => operation.security(SecurityRequirement::new(SECURITY, [permission.as_str()])),
    }
}

fn describe_access(access: Access) -> String {
    match access {
        Access::Anonymous => "Anyone may call this; a token is not looked at.".to_owned(),
        Access::Public => "Anyone may call this.".to_owned(),
        Access::Buyer => {
            "Customers for themselves; guests where the store takes them; staff with `orders:create`.".to_owned()
        }
        Access::Holder(permission) => {
            format!("The owner; a guest with the order's `X-Order-Token`; staff with `{}`.", permission.as_str())
        }
        Access::User => "Needs an account.".to_owned(),
        Access::Admin => "Needs the role admin.".to_owned(),
        Access::Permission(permission) => format!("Needs the permission `{}`.", permission.as_str()),
    }
}

fn success_text(status: u16) -> &'static str {
    match status {
        201 => "Created",
        204 => "Done, with no body",
        _ => "OK",
    }
}

/// The codes of an endpoint by status: its own, and those of its kind.
fn codes_of(endpoint: &Endpoint) -> BTreeMap<u16, Vec<Code>> {
    let mut codes = endpoint.errors.clone();
    codes.extend([Code::Internal, Code::DatabaseUnavailable, Code::Busy, Code::RateLimited]);
    // Of the request's head: no HTTP or the name of another server, and too much.
    codes.extend([Code::MalformedRequest, Code::HeadersTooLarge]);
    match endpoint.access {
        Access::Anonymous => {}
        Access::Public | Access::User => codes.extend([Code::Unauthenticated, Code::TokenExpired]),
        Access::Buyer | Access::Permission(_) | Access::Admin | Access::Holder(_) => {
            codes.extend([Code::Unauthenticated, Code::TokenExpired, Code::Forbidden]);
        }
    }
    if endpoint.access != Access::Anonymous {
        codes.push(Code::StoreNotFound);
    }
    if endpoint.request.is_some() {
        codes.extend([Code::RequestTimeout, Code::PayloadTooLarge, Code::UnsupportedMediaType, Code::ValidationFailed]);
    }
    if !endpoint.query.is_empty() {
        codes.push(Code::ValidationFailed);
    }
    if endpoint.takes_key {
        codes.extend([Code::RequestInProgress, Code::IdempotencyKeyReused, Code::OutcomeUnknown]);
        // Of the key itself.
        codes.push(Code::ValidationFailed);
    }
    codes.sort_unstable();
    codes.dedup();
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status().as_u16()).or_default().push(code);
    }
    by_status
}

fn problem_response(codes: &[Code]) -> ResponseBuilder {
    let names: Vec<_> = codes.iter().map(|code| format!("`{}`", code.as_str())).collect();
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
    ResponseBuilder::new().description(names.join(", ")).content(PROBLEM_JSON, content)
}

fn text_parameter(name: &str, place: ParameterIn, required: Required, description: &str) -> ParameterBuilder {
    let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
    let description = (!description.is_empty()).then_some(description);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(description)
        .schema(Some(text))
}

/// The names in braces of a path.
pub fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

/// The first word of a path, or of its second part below /inventory.
fn tag_of(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

/// `post_orders_id_cancel`, unique since method and path are.
fn operation_id(method: &Method, path: &str) -> String {
    let words: Vec<_> =
        path.split('/').filter(|word| !word.is_empty()).map(|word| word.trim_matches(['{', '}'])).collect();
    format!("{}_{}", method.as_str().to_lowercase(), words.join("_").replace('-', "_"))
}
