//! Health checks and metrics, which are outside of the versioned API.

use crate::auth::Access;
use crate::error::Code;
use crate::health::{self, LivenessResponse, ReadinessResponse};
use crate::openapi::Endpoint;
use crate::openapi::endpoint::get;

pub fn monitoring() -> Vec<Endpoint> {
    vec![
        get("/health/live", Access::Anonymous, health::live)
            .named("checkLiveness", "Check that the server is alive")
            .answers::<LivenessResponse>(200),
        get("/health/ready", Access::Anonymous, health::ready)
            .named("checkReadiness", "Check that the server can use its database")
            .answers::<ReadinessResponse>(200),
        get("/metrics", Access::Anonymous, health::metrics)
            .named("readMetrics", "Read the metrics in the text format of Prometheus")
            .description("Needs the token of the setting `metrics.token` as a bearer token, if one is set.")
            .errors(&[Code::Unauthenticated])
            .answers_text(prometheus::TEXT_FORMAT),
    ]
    .into_iter()
    .map(Endpoint::at_root)
    .collect()
}
