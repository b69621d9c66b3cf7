ALTER TABLE stores ADD COLUMN service_level BIGINT NOT NULL DEFAULT 95
    CONSTRAINT stores_service_level_check CHECK (service_level BETWEEN 50 AND 99);

COMMENT ON COLUMN stores.service_level IS
    'The share of lead times, in percent, whose demand the expected demand and the safety stock cover.';

CREATE TABLE stock_outs (
    store_id   BIGINT NOT NULL,
    variant_id BIGINT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    ended_at   TIMESTAMPTZ,
    CONSTRAINT stock_outs_pkey PRIMARY KEY (store_id, variant_id, started_at),
    CONSTRAINT stock_outs_order_check CHECK (ended_at >= started_at),
    CONSTRAINT stock_outs_variant_fkey FOREIGN KEY (store_id, variant_id) REFERENCES variants (store_id, id)
);
CREATE UNIQUE INDEX stock_outs_open_key ON stock_outs (store_id, variant_id) WHERE ended_at IS NULL;

COMMENT ON TABLE stock_outs IS
    'The periods in which variants on sale were out of stock. The relay writes them together with stock_states. They have '
    'no days, because the days depend on the time zone of the store.';
COMMENT ON COLUMN stock_outs.started_at IS 'The time of the movement or change after which nothing was left.';
COMMENT ON COLUMN stock_outs.ended_at IS
    'The time at which units were there again, or at which the variant was not on sale any more. Null if neither has '
    'happened.';

-- The feed has the beginnings and the ends since stock_states exists. The end by which a variant was not on sale any more
-- has no event, so such a period ends with the next event, or at once.
INSERT INTO stock_outs (store_id, variant_id, started_at, ended_at)
SELECT e.store_id, e.variant_id, e.at,
       CASE WHEN e.next_at IS NULL AND s.status = 'out_of_stock' THEN NULL ELSE GREATEST(e.at, e.next_at) END
FROM (SELECT f.store_id, (c.event -> 'data' ->> 'variant_id')::int8 AS variant_id, c.event ->> 'type' AS type,
             (c.event ->> 'at')::timestamptz AS at,
             LEAD((c.event ->> 'at')::timestamptz) OVER (
                 PARTITION BY f.store_id, c.event -> 'data' ->> 'variant_id' ORDER BY f.position, c.place) AS next_at
      FROM feed f CROSS JOIN LATERAL jsonb_array_elements(f.crossings) WITH ORDINALITY AS c (event, place)) e
LEFT JOIN stock_states s ON s.store_id = e.store_id AND s.variant_id = e.variant_id
WHERE e.type = 'stock.out'
ON CONFLICT DO NOTHING;

-- Variants that sold out before that have no event. The last movement is the latest time at which they did.
INSERT INTO stock_outs (store_id, variant_id, started_at)
SELECT s.store_id, s.variant_id, COALESCE(m.at, v.created_at)
FROM stock_states s
JOIN variants v ON v.store_id = s.store_id AND v.id = s.variant_id
LEFT JOIN LATERAL (
    SELECT MAX(l.at) AS at FROM stock_levels r
    CROSS JOIN LATERAL (SELECT created_at AS at FROM stock_movements
                        WHERE store_id = r.store_id AND variant_id = r.variant_id AND location_id = r.location_id
                        ORDER BY version DESC LIMIT 1) l
    WHERE r.store_id = s.store_id AND r.variant_id = s.variant_id) m ON true
WHERE s.status = 'out_of_stock'
  AND NOT EXISTS (SELECT FROM stock_outs o
                  WHERE o.store_id = s.store_id AND o.variant_id = s.variant_id AND o.ended_at IS NULL);

CREATE TABLE forecasts (
    store_id        BIGINT NOT NULL,
    variant_id      BIGINT NOT NULL,
    first_day       DATE NOT NULL,
    method          TEXT NOT NULL,
    forecast        JSONB NOT NULL,
    lead_time_units BIGINT[] NOT NULL,
    CONSTRAINT forecasts_pkey PRIMARY KEY (store_id, variant_id),
    CONSTRAINT forecasts_variant_fkey FOREIGN KEY (store_id, variant_id) REFERENCES variants (store_id, id)
);

COMMENT ON TABLE forecasts IS
    'The expected demand of variants, with its method, parameters and errors. A job computes all of them each day.';
COMMENT ON COLUMN forecasts.first_day IS 'The day of the store after the last day whose demand was known.';
COMMENT ON COLUMN forecasts.method IS 'That of the forecast.';
COMMENT ON COLUMN forecasts.forecast IS 'The parameters from which the demand of any later day is computed.';
COMMENT ON COLUMN forecasts.lead_time_units IS
    'The units for lead times of 1 to 90 days: the expected demand and the safety stock.';

CREATE TABLE forecast_runs (
    store_id         BIGINT NOT NULL CONSTRAINT forecast_runs_store_fkey REFERENCES stores (id),
    day              DATE NOT NULL,
    service_level    BIGINT NOT NULL,
    swept_variant_id BIGINT NOT NULL,
    is_complete      BOOLEAN NOT NULL,
    CONSTRAINT forecast_runs_pkey PRIMARY KEY (store_id)
);

COMMENT ON TABLE forecast_runs IS
    'The progress of the job that computes forecasts. Its lock lets one server at a time do so in a store.';
COMMENT ON COLUMN forecast_runs.day IS 'The day of the store on which this run began.';
COMMENT ON COLUMN forecast_runs.service_level IS 'That of the store when this run began.';
COMMENT ON COLUMN forecast_runs.swept_variant_id IS 'The last variant that was computed. 0 before the first one.';

ALTER TABLE scarce_variants ADD COLUMN lead_time_units BIGINT[];

COMMENT ON COLUMN scarce_variants.lead_time_units IS 'Those of the forecast. Null if there is none.';

CREATE TABLE stock_figures (
    store_id          BIGINT NOT NULL,
    variant_id        BIGINT NOT NULL,
    velocity_7        DOUBLE PRECISION,
    velocity_30       DOUBLE PRECISION,
    velocity_90       DOUBLE PRECISION,
    variation         DOUBLE PRECISION,
    days_out_of_stock BIGINT NOT NULL,
    sold_quantity     BIGINT NOT NULL,
    revenue           BIGINT NOT NULL,
    abc               TEXT CONSTRAINT stock_figures_abc_check CHECK (abc IN ('A', 'B', 'C')),
    CONSTRAINT stock_figures_pkey PRIMARY KEY (store_id, variant_id),
    CONSTRAINT stock_figures_variant_fkey FOREIGN KEY (store_id, variant_id) REFERENCES variants (store_id, id)
);

COMMENT ON TABLE stock_figures IS
    'How fast and how steadily variants sell. The job of the forecasts computes all of them each day, for the days before '
    'this one. Variants without sales and without days out of stock have no row.';
COMMENT ON COLUMN stock_figures.velocity_7 IS
    'The units a day of the last 7 days, without days out of stock. Null if all of them were.';
COMMENT ON COLUMN stock_figures.velocity_30 IS 'The same of the last 30 days.';
COMMENT ON COLUMN stock_figures.velocity_90 IS 'The same of the last 90 days.';
COMMENT ON COLUMN stock_figures.variation IS
    'The standard deviation of the units of a week, divided by their mean. Null with little or no sales.';
COMMENT ON COLUMN stock_figures.days_out_of_stock IS
    'The days of the last 90 of which the variant was out of stock for at least half.';
COMMENT ON COLUMN stock_figures.sold_quantity IS 'The units that were sold in the last 90 days.';
COMMENT ON COLUMN stock_figures.revenue IS
    'Their prices without taxes, less discounts and credits, in minor units of the store''s currency.';
COMMENT ON COLUMN stock_figures.abc IS
    'The class by revenue: A has the first 80 percent, B the next 15. Null until the run of the job is complete.';
