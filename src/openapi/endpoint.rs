//! One row of the route table: its path, access rule, request and responses.

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{FromRequest, Handler, Responder, Route, web};
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::{IntoParams, ToSchema};

use super::handler::{ErasedHandler, erase};
use super::parameters;
use super::schema_of::{MakeSchema, SchemaOf};
use crate::auth::Access;
use crate::auth::authorize::authorize;
use crate::error::Code;
use crate::http::body;
use crate::http::csv::FormatQuery;
use crate::http::query::{self, KnownParameters};
use crate::kernel::page::{FeedQuery, PageQuery};
use crate::kernel::schema;

/// The content type of bodies and of most responses.
pub const JSON: &str = "application/json";

/// The content type of pages.
pub const HTML: &str = "text/html";

/// The content type of tables and of files of rows.
pub const CSV: &str = "text/csv";

/// An operation of the API.
#[must_use]
pub struct Endpoint {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
    /// The operation id. Generated clients use it as the name of a function.
    pub id: &'static str,
    pub summary: &'static str,
    /// The description instead of that of the access rule.
    pub description: Option<&'static str>,
    /// True if its path is not under the prefix of the versioned API.
    pub is_at_root: bool,
    pub request: Option<MakeSchema>,
    pub body_required: bool,
    /// True if the body may be a file of rows, too.
    pub takes_csv: bool,
    pub success: u16,
    /// The status of a repeated request whose first one had `success`, or of one whose work goes on.
    pub again: Option<u16>,
    pub answer: Option<MakeSchema>,
    /// The content type of the response.
    pub content_type: &'static str,
    /// The content type of another form of the response.
    pub other_content_type: Option<&'static str>,
    /// True if the response is a page, unless the caller prefers JSON.
    pub has_page: bool,
    /// True if the caller may ask for CSV.
    pub has_csv: bool,
    pub query: Vec<Parameter>,
    pub errors: Vec<Code>,
    pub takes_key: bool,
    /// The maximal number of bytes of the body.
    pub max_body: usize,
    /// Additional headers with their descriptions.
    pub headers: &'static [(&'static str, &'static str)],
    route: Route,
}

macro_rules! methods {
    ($($name:ident = $method:ident, $success:literal, $takes_key:literal;)+) => {$(
        pub fn $name<F, Args>(path: &'static str, access: Access, handler: F) -> Endpoint
        where
            F: Handler<Args>,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            Endpoint {
                success: $success,
                takes_key: $takes_key,
                ..Endpoint::new(Method::$method, path, access, erase(handler))
            }
        }
    )+};
}

methods! {
    get = GET, 200, false;
    post = POST, 201, true;
    put = PUT, 200, true;
    patch = PATCH, 200, true;
    delete = DELETE, 204, true;
}

impl Endpoint {
    fn new(method: Method, path: &'static str, access: Access, handler: ErasedHandler) -> Self {
        let handle = move |request, payload: web::Payload| handler(request, payload.into_inner());
        Self {
            route: web::method(method.clone()).to(handle),
            method,
            path,
            access,
            id: "",
            summary: "",
            description: None,
            is_at_root: false,
            request: None,
            body_required: true,
            takes_csv: false,
            success: 200,
            again: None,
            answer: None,
            content_type: JSON,
            other_content_type: None,
            has_page: false,
            has_csv: false,
            query: Vec::new(),
            errors: Vec::new(),
            takes_key: false,
            max_body: body::MAX_BODY_BYTES,
            headers: &[],
        }
    }

    /// Sets the operation id and the summary.
    pub fn named(mut self, id: &'static str, summary: &'static str) -> Self {
        (self.id, self.summary) = (id, summary);
        self
    }

    /// Describes the operation, instead of its access rule.
    pub fn description(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }

    /// Marks an operation outside of the versioned API.
    pub fn at_root(mut self) -> Self {
        self.is_at_root = true;
        self
    }

    /// Sets the schema of the body.
    pub fn takes<T: ToSchema>(mut self) -> Self {
        self.request = Some(SchemaOf::new::<T>);
        self
    }

    /// Sets the schema of the query string.
    pub fn query<T: IntoParams>(mut self) -> Self {
        self.query.extend(T::into_params(|| Some(ParameterIn::Query)).into_iter().map(parameters::described));
        self
    }

    /// Adds `?page=` and `?limit=`, and `?sort=` by one of these columns.
    pub fn sorted_by(self, columns: &[&str], default: &str) -> Self {
        let description = "The order of the list; `-` before a column means descending";
        self.query::<PageQuery>().sort(columns, Some(default), description)
    }

    /// Adds `?after=`, and `?sort=` by one of these columns. The default order depends on other parameters.
    pub fn feed_sorted_by(self, columns: &[&str], description: &str) -> Self {
        self.query::<FeedQuery>().sort(columns, None, description)
    }

    fn sort(mut self, columns: &[&str], default: Option<&str>, description: &str) -> Self {
        let sort = ParameterBuilder::new()
            .name("sort")
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(schema::sort(columns, default)));
        self.query.push(sort.build());
        self
    }

    /// Adds headers.
    pub fn headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }

    /// Sets a body that another service defines.
    pub fn takes_any_object(mut self) -> Self {
        self.request = Some(SchemaOf::any_object);
        self
    }

    pub fn answers<T: ToSchema>(mut self, status: u16) -> Self {
        self.success = status;
        self.answer = Some(SchemaOf::new::<T>);
        self
    }

    /// Adds another status of the same response: of a repeated request, or of one whose work goes on afterwards.
    pub fn answers_again(mut self, status: u16) -> Self {
        self.again = Some(status);
        self
    }

    /// Adds a page as another form of the response.
    pub fn answers_page_too(mut self) -> Self {
        self.has_page = true;
        self
    }

    /// Adds CSV as another form of the response, with the parameter that asks for it.
    pub fn answers_csv_too(mut self) -> Self {
        self.has_csv = true;
        self.query::<FormatQuery>()
    }

    /// Sets text of this content type as the response.
    pub fn answers_text(mut self, content_type: &'static str) -> Self {
        self.content_type = content_type;
        self.answer = Some(SchemaOf::text);
        self
    }

    /// Adds a file of another content type as another form of the response.
    pub fn answers_file_too(mut self, content_type: &'static str) -> Self {
        self.other_content_type = Some(content_type);
        self
    }

    pub fn lists<T: ToSchema>(mut self) -> Self {
        self.answer = Some(SchemaOf::list_of::<T>);
        self
    }

    /// Sets a page of a list that is also a feed as the response.
    pub fn lists_feed<T: ToSchema>(mut self) -> Self {
        self.answer = Some(SchemaOf::feed_of::<T>);
        self
    }

    /// Sets an array without pages as the response.
    pub fn answers_array<T: ToSchema>(mut self) -> Self {
        self.answer = Some(SchemaOf::array_of::<T>);
        self
    }

    /// Sets an optional body: all its fields are optional.
    pub fn takes_optionally<T: ToSchema>(mut self) -> Self {
        self.body_required = false;
        self.takes::<T>()
    }

    /// Sets a success response without a body.
    pub fn answers_nothing(mut self, status: u16) -> Self {
        self.success = status;
        self
    }

    /// Adds the error codes of this operation. Codes that follow from its kind are added automatically.
    pub fn errors(mut self, codes: &[Code]) -> Self {
        self.errors.extend(codes);
        self
    }

    /// Accepts the larger bodies of documents with many lines.
    pub fn of_many_lines(mut self) -> Self {
        self.max_body = body::MAX_DOCUMENT_BYTES;
        self
    }

    /// Sets an array of rows as the body.
    pub fn takes_rows_of<T: ToSchema>(mut self) -> Self {
        self.request = Some(SchemaOf::array_of::<T>);
        self
    }

    /// Sets a file of rows as the body: CSV, or an array of objects.
    pub fn takes_file(mut self) -> Self {
        self.request = Some(SchemaOf::any_rows);
        self.takes_csv = true;
        self.max_body = body::MAX_FILE_BYTES;
        self
    }

    /// Creates the route. Authorization runs first, then the check of the query's names, then the handler.
    pub fn into_route(self) -> Route {
        let (access, max_body) = (self.access, self.max_body);
        let known = KnownParameters::from_iter(self.query.iter().map(parameters::known));
        let route = match max_body {
            body::MAX_BODY_BYTES => self.route,
            _ => self.route.wrap(from_fn(move |request, next| body::limit(max_body, request, next))),
        };
        route
            .wrap(from_fn(move |request, next| query::check(known.clone(), request, next)))
            .wrap(from_fn(move |request, next| authorize(access, request, next)))
    }

    /// Marks a POST without an idempotency key: it changes nothing, or it is not idempotent.
    pub fn without_key(mut self) -> Self {
        self.takes_key = false;
        self
    }
}
