//! The context of a handler: the caller, the selected store, and the database.

use std::future::{Ready, ready};

use actix_web::http::header::{ContentType, VARY};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, dev::Payload};
use diesel::PgConnection;
use serde::Serialize;

use super::principal::Principal;
use super::queries::{StoreDirectory, StoreSelector};
use crate::db::tx::Mode;
use crate::db::{Database, End, Failure};
use crate::error::{Abort, ApiError, Overdue};
use crate::http::access_log::Subject;
use crate::http::csv::{Format, Tabular};
use crate::http::{headers, json};
use crate::kernel::current_request;
use crate::kernel::id::StoreId;

/// The caller, store and database of a request.
#[derive(Clone)]
pub struct Ctx {
    pub database: Database,
    pub principal: Principal,
    stores: Data<StoreDirectory>,
    reclaim: Reclaim,
    selector: StoreSelector,
    /// The caller and the store for the access log.
    subject: Subject,
}

/// The functions that end holds. They belong to later modules, so the application passes them in.
#[derive(Clone, Copy)]
pub struct Reclaim {
    /// Expires the overdue holds of these variants.
    pub overdue: fn(&mut PgConnection, &Overdue) -> Result<(), Failure>,
    /// Releases holds of carts in a store that does not hold carts any more. Returns the number of ended holds.
    pub carts: fn(&mut PgConnection, StoreId) -> Result<usize, Failure>,
}

/// A read that returns the body of its response. Without the type of the response, the code around it is compiled once.
type FindBytes = Box<dyn Fn(&mut PgConnection, &Scope) -> Result<Vec<u8>, Abort> + Send>;

/// The maximal number of release transactions before the request is answered. A job does the rest.
const MAX_RELEASES: usize = 50;

/// The maximal number of attempts of a write that overdue holds refuse.
const MAX_ATTEMPTS: usize = 3;

/// The id in records of work that belongs to no store.
pub const PLATFORM: StoreId = StoreId(0);

/// The store and the caller of a use case.
#[derive(Clone, Debug)]
pub struct Scope {
    pub store: StoreId,
    pub principal: Principal,
}

impl Scope {
    pub fn actor(&self) -> String {
        self.principal.actor()
    }

    /// The same caller in another store, such as a new one.
    #[must_use]
    pub fn in_store(&self, store: StoreId) -> Self {
        Self { store, principal: self.principal.clone() }
    }
}

impl Ctx {
    /// The same caller in the store that a path or a body names.
    #[must_use]
    pub fn in_store(mut self, name: &str) -> Self {
        self.selector = StoreSelector::named(name);
        self
    }

    /// Finds the store. It runs after the body is parsed, so that an invalid body is reported before a missing store.
    pub fn scope(&self, conn: &mut PgConnection) -> Result<Scope, Abort> {
        let store = self.stores.resolve(conn, &self.selector, self.principal.bound_store())?;
        self.subject.set_store(store.0);
        Ok(Scope { store, principal: self.principal.clone() })
    }

    /// Finds the store for a write that opens its own transaction. Most calls need no statement.
    pub async fn store(&self) -> Result<StoreId, ApiError> {
        if let Some(store) = self.stores.known(&self.selector, self.principal.bound_store()) {
            self.subject.set_store(store.0);
            return Ok(store);
        }
        self.clone().read("find_store", |_, scope| Ok(scope.store)).await
    }

    /// The caller without a store, for operations that create one.
    pub fn platform_scope(&self) -> Scope {
        Scope { store: PLATFORM, principal: self.principal.clone() }
    }

    /// Finds the store. Returns the platform scope if the request names no store and none exists yet.
    pub fn scope_or_platform(&self, conn: &mut PgConnection) -> Result<Scope, Abort> {
        match self.scope(conn) {
            Err(Abort::Refused(_)) if self.selector == StoreSelector::Default => Ok(self.platform_scope()),
            found => found,
        }
    }

    /// Runs a write. If only overdue holds cause its refusal, expires them and runs it again. Meanwhile other holds may become
    /// overdue, so there may be several attempts.
    pub async fn retry_overdue<T>(
        &self,
        attempt: impl AsyncFn() -> Result<Result<T, Abort>, Failure>,
    ) -> Result<T, ApiError> {
        for _ in 1..MAX_ATTEMPTS {
            match attempt().await? {
                Err(Abort::Overdue(_, overdue)) => self.reclaim(overdue).await?,
                done => return Ok(done?),
            }
        }
        Ok(attempt().await??)
    }

    /// Expires overdue holds in a separate transaction.
    async fn reclaim(&self, overdue: Overdue) -> Result<(), ApiError> {
        let reclaim = self.reclaim.overdue;
        Ok(self.database.write("reclaim", move |conn| reclaim(conn, &overdue).map(End::Commit)).await?)
    }

    /// Releases the holds of carts in separate transactions, after their store has turned cart holds off. The server does
    /// it, so it does not need the caller's token.
    pub async fn release_carts(self) -> Result<(), ApiError> {
        current_request::complete(self.release_some_carts()).await
    }

    async fn release_some_carts(self) -> Result<(), ApiError> {
        let (store, release) = (self.store().await?, self.reclaim.carts);
        for _ in 0..MAX_RELEASES {
            let released = self.database.write("release_carts", move |conn| release(conn, store).map(End::Commit));
            if released.await? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Runs a write without an idempotency claim. It must be safe to run again.
    pub async fn write<T, F>(self, name: &'static str, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection, &Self) -> Result<T, Abort> + Send + 'static,
    {
        let database = self.database.clone();
        let in_transaction = move |conn: &mut PgConnection| match work(conn, &self) {
            Ok(value) => Ok(End::Commit(Ok(value))),
            Err(abort) => abort.into_end(),
        };
        Ok(database.write(name, in_transaction).await??)
    }

    /// Runs a read in one snapshot.
    pub fn read<T, F>(self, name: &'static str, work: F) -> impl Future<Output = Result<T, ApiError>>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection, &Scope) -> Result<T, Abort> + Send + 'static,
    {
        self.run(name, Mode::Read, work)
    }

    /// Runs a read whose cost grows with the rows of the store, in one snapshot.
    pub fn read_list<T, F>(self, name: &'static str, work: F) -> impl Future<Output = Result<T, ApiError>>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection, &Scope) -> Result<T, Abort> + Send + 'static,
    {
        self.run(name, Mode::List, work)
    }

    /// Answers with the result of a read in one snapshot.
    pub fn answer<T, F>(self, name: &'static str, work: F) -> impl Future<Output = Result<HttpResponse, ApiError>>
    where
        T: Serialize,
        F: Fn(&mut PgConnection, &Scope) -> Result<T, Abort> + Send + 'static,
    {
        self.answer_in(name, Mode::Read, work)
    }

    /// The same in a read of this mode. The response is serialized on the thread that reads: a large one would delay all
    /// connections of an event loop, and only as many are in memory at a time as there are database connections.
    pub fn answer_in<T, F>(
        self,
        name: &'static str,
        mode: Mode,
        work: F,
    ) -> impl Future<Output = Result<HttpResponse, ApiError>>
    where
        T: Serialize,
        F: Fn(&mut PgConnection, &Scope) -> Result<T, Abort> + Send + 'static,
    {
        let find = move |conn: &mut PgConnection, scope: &Scope| Ok(json::to_bytes(&work(conn, scope)?)?);
        self.answer_bytes(name, mode, Box::new(find))
    }

    async fn answer_bytes(self, name: &'static str, mode: Mode, find: FindBytes) -> Result<HttpResponse, ApiError> {
        let body = self.run(name, mode, find).await?;
        Ok(HttpResponse::Ok().content_type(ContentType::json()).body(body))
    }

    /// Answers in the requested format with the table that a report has found.
    pub fn answer_table<T, F>(
        self,
        name: &'static str,
        format: Format,
        work: F,
    ) -> impl Future<Output = Result<HttpResponse, ApiError>>
    where
        T: Serialize + Tabular,
        F: Fn(&mut PgConnection, &Scope) -> Result<T, Abort> + Send + 'static,
    {
        let find: FindBytes = Box::new(move |conn, scope| Ok(format.to_bytes(&work(conn, scope)?)?));
        async move {
            let body = self.run(name, Mode::Report, find).await?;
            Ok(HttpResponse::Ok().insert_header((VARY, "Accept")).content_type(format.content_type()).body(body))
        }
    }

    /// Runs a read of this mode in one snapshot.
    async fn run<T, F>(self, name: &'static str, mode: Mode, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection, &Scope) -> Result<T, Abort> + Send + 'static,
    {
        let database = self.database.clone();
        let in_transaction = move |conn: &mut PgConnection| match self.scope(conn).and_then(|scope| work(conn, &scope))
        {
            Ok(value) => Ok(End::RollBack(Ok(value))),
            Err(abort) => abort.into_end(),
        };
        Ok(database.run(name, mode, in_transaction).await??)
    }
}

impl FromRequest for Ctx {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(find_selector(request).and_then(|selector| extract(request, selector).ok_or_else(ApiError::internal)))
    }
}

fn find_selector(request: &HttpRequest) -> Result<StoreSelector, ApiError> {
    Ok(match headers::single(request.headers(), "X-Store-Id")? {
        None => StoreSelector::Default,
        // A header value that is not text selects no store.
        Some(value) => value.to_str().map_or(StoreSelector::Unknown, StoreSelector::named),
    })
}

fn extract(request: &HttpRequest, selector: StoreSelector) -> Option<Ctx> {
    Some(Ctx {
        database: request.app_data::<Data<Database>>()?.get_ref().clone(),
        principal: request.extensions().get::<Principal>()?.clone(),
        subject: request.extensions().get::<Subject>().cloned().unwrap_or_default(),
        stores: request.app_data::<Data<StoreDirectory>>()?.clone(),
        reclaim: *request.app_data::<Data<Reclaim>>()?.get_ref(),
        selector,
    })
}
