//! The tables that a query of diesel's may name together, by a join or a subquery that refers to the outer table.
//!
//! diesel's command line tool would list all tables in one group. The compiler then checks dozens of implementations for
//! each of their 3,400 pairs, which takes a quarter of the time before it generates code.

use super::schema::{
    alert_notices, alert_states, alerts, count_entries, count_lines, credit_lines, credits, inbound_lines, locations,
    mail_outbox, order_items, order_payments, orders, payment_events, product_codes, products, return_lines, returns,
    scarcity_changes, scarcity_searches, stock_levels, supplier_items, users, variants,
};

diesel::allow_tables_to_appear_in_same_query!(alert_notices, alert_states, alerts);
diesel::allow_tables_to_appear_in_same_query!(
    count_entries,
    count_lines,
    inbound_lines,
    product_codes,
    products,
    supplier_items,
    variants,
);
diesel::allow_tables_to_appear_in_same_query!(credit_lines, credits, order_items, orders, return_lines, returns);
diesel::allow_tables_to_appear_in_same_query!(credits, order_payments);
diesel::allow_tables_to_appear_in_same_query!(locations, stock_levels);
diesel::allow_tables_to_appear_in_same_query!(mail_outbox, users);
diesel::allow_tables_to_appear_in_same_query!(order_payments, payment_events);
diesel::allow_tables_to_appear_in_same_query!(orders, payment_events);
diesel::allow_tables_to_appear_in_same_query!(scarcity_changes, scarcity_searches);
