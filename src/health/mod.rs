//! Is it up, is it ready, how is it doing.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use diesel::connection::SimpleConnection;
use serde_json::json;

use crate::db::tx::Mode;
use crate::db::{Database, End, Failure};
use crate::error::ApiError;
use crate::web::methods::only_get;
use crate::web::metrics::Metrics;

/// Mounts the paths that are no part of the versioned API.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(only_get("/health/live", web::get().to(live)))
        .service(only_get("/health/ready", web::get().to(ready)))
        .service(only_get("/metrics", web::get().to(metrics)));
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// Ready when the database answers, and could be written to when a job last tried.
async fn ready(database: Data<Database>) -> Result<HttpResponse, ApiError> {
    if !database.is_writable() {
        return Err(Failure::Unavailable("it could not be written to".to_owned()).into());
    }
    database.run("ready", Mode::Read, |conn| Ok(End::RollBack(conn.batch_execute("SELECT 1")?))).await?;
    Ok(HttpResponse::Ok().json(json!({"status": "ok", "database": "ok"})))
}

async fn metrics(metrics: Data<Metrics>, database: Data<Database>) -> Result<HttpResponse, ApiError> {
    let text = metrics.render(&database).map_err(|error| {
        log::error!(error:% = error; "rendering metrics failed");
        ApiError::internal()
    })?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text))
}
