// @generated automatically by Diesel CLI.

diesel::table! {
    addresses (store_id, id) {
        store_id -> Int8,
        id -> Int8,
        user_id -> Int8,
        full_name -> Text,
        phone -> Text,
        line1 -> Text,
        line2 -> Nullable<Text>,
        city -> Text,
        state -> Nullable<Text>,
        postal_code -> Text,
        country -> Text,
        latitude -> Nullable<Float8>,
        longitude -> Nullable<Float8>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    audit_log (store_id, id) {
        store_id -> Int8,
        id -> Int8,
        entity -> Text,
        entity_id -> Int8,
        action -> Text,
        detail -> Text,
        actor -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    cart_items (store_id, id) {
        store_id -> Int8,
        id -> Int8,
        cart_id -> Int8,
        variant_id -> Int8,
        quantity -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    carts (store_id, id) {
        store_id -> Int8,
        id -> Int8,
        user_id -> Int8,
        round -> Int8,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    idempotency_keys (store_id, caller, key) {
        store_id -> Int8,
        caller -> Text,
        key -> Text,
        fingerprint -> Bytea,
        status -> Nullable<Int2>,
        body -> Nullable<Bytea>,
        order_id -> Nullable<Int8>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    locations (store_id, id) {
        store_id -> Int8,
        id -> Int8,
        code -> Text,
        name -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    mail_outbox (store_id, id) {
        store_id -> Int8,
        id -> Int8,
        kind -> Text,
        recipient -> Text,
        attempts -> Int8,
        next_attempt_at -> Timestamptz,
        give_up_at -> Timestamptz,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    order_history (store_id, id) {
        store_id -> Int8,
        id -> Int8,
        order_id -> Int8,
        from_status -> Nullable<Text>,
        to_status -> Text,
        reason -> Nullable<Text>,
        actor -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    order_items (store_id, order_id, variant_id) {
        store_id -> Int8,
        id -> Int8,
        order_id -> Int8,
        product_id -> Int8,
        variant_id -> Int8,
        sku -> Text,
        product_name -> Text,
        size -> Nullable<Text>,
        quantity -> Int8,
        unit_price -> Int8,
        total_price -> Int8,
        attributes -> Jsonb,
        allocations -> Jsonb,
    }
}

diesel::table! {
    order_payments (store_id, id) {
        store_id -> Int8,
        id -> Int8,
        order_id -> Int8,
        kind -> Text,
        reference -> Nullable<Text>,
        amount -> Int8,
        actor -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    orders (store_id, id) {
        store_id -> Int8,
        id -> Int8,
        order_number -> Text,
        user_id -> Nullable<Int8>,
        created_by -> Nullable<Int8>,
        customer_name -> Nullable<Text>,
        customer_phone -> Nullable<Text>,
        delivery_address -> Nullable<Text>,
        status -> Text,
        payment_status -> Text,
        payment_method -> Text,
        payment_expires_at -> Nullable<Timestamptz>,
        paid_at -> Nullable<Timestamptz>,
        payment_reference -> Nullable<Text>,
        received_amount -> Int8,
        refunded_amount -> Int8,
        tracking_number -> Nullable<Text>,
        currency -> Text,
        subtotal -> Int8,
        tax_amount -> Int8,
        shipping_amount -> Int8,
        discount_amount -> Int8,
        total_amount -> Int8,
        total_items -> Int8,
        shipping_address -> Nullable<Jsonb>,
        billing_address -> Nullable<Jsonb>,
        notes -> Nullable<Text>,
        guest_token_hash -> Nullable<Bytea>,
        checkout -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        search_text -> Nullable<Text>,
    }
}

diesel::table! {
    password_resets (user_id) {
        user_id -> Int8,
        token_hash -> Bytea,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    payment_events (store_id, provider, event_id) {
        store_id -> Int8,
        provider -> Text,
        event_id -> Text,
        event_type -> Text,
        order_number -> Nullable<Text>,
        reference -> Nullable<Text>,
        amount -> Nullable<Int8>,
        currency -> Nullable<Text>,
        outcome -> Text,
        received_at -> Timestamptz,
    }
}

diesel::table! {
    product_codes (store_id, kind, code) {
        store_id -> Int8,
        kind -> Text,
        code -> Text,
        product_id -> Int8,
        variant_id -> Nullable<Int8>,
    }
}

diesel::table! {
    products (store_id, id) {
        store_id -> Int8,
        id -> Int8,
        sku -> Text,
        name -> Text,
        description -> Nullable<Text>,
        category -> Nullable<Text>,
        brand -> Nullable<Text>,
        barcode -> Nullable<Text>,
        price -> Int8,
        mrp -> Nullable<Int8>,
        cost_price -> Nullable<Int8>,
        unit -> Nullable<Text>,
        has_sizes -> Bool,
        status -> Text,
        min_stock_level -> Int8,
        max_stock_level -> Nullable<Int8>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        folded_name -> Nullable<Text>,
        search_text -> Nullable<Text>,
        lowest_price -> Nullable<Int8>,
        highest_price -> Nullable<Int8>,
    }
}

diesel::table! {
    reservations (store_id, id) {
        store_id -> Int8,
        id -> Int8,
        reference_id -> Text,
        state -> Text,
        expires_at -> Timestamptz,
        created_by -> Int8,
        created_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Int8,
        family_id -> Int8,
        user_id -> Int8,
        token_hash -> Bytea,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        rotated_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        address_hash -> Nullable<Bytea>,
    }
}

diesel::table! {
    stock_holds (store_id, id) {
        store_id -> Int8,
        id -> Int8,
        variant_id -> Int8,
        location_id -> Int8,
        quantity -> Int8,
        holder_kind -> Text,
        holder_id -> Int8,
        state -> Text,
        expires_at -> Timestamptz,
        created_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    stock_levels (store_id, variant_id, location_id) {
        store_id -> Int8,
        variant_id -> Int8,
        location_id -> Int8,
        stock_quantity -> Int8,
        reserved_quantity -> Int8,
        sold_quantity -> Int8,
        version -> Int8,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    stock_movements (store_id, id) {
        store_id -> Int8,
        id -> Int8,
        variant_id -> Int8,
        location_id -> Int8,
        version -> Int8,
        kind -> Text,
        stock_delta -> Int8,
        reserved_delta -> Int8,
        sold_delta -> Int8,
        stock_after -> Int8,
        reserved_after -> Int8,
        sold_after -> Int8,
        reason -> Nullable<Text>,
        reference_id -> Nullable<Text>,
        actor -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    stores (id) {
        id -> Int8,
        code -> Text,
        name -> Text,
        currency -> Text,
        tax_rate_ppm -> Int8,
        shipping_flat_rate -> Int8,
        guest_orders -> Bool,
        hold_cart_items -> Bool,
        payment_methods -> Jsonb,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        folded_name -> Nullable<Text>,
    }
}

diesel::table! {
    users (id) {
        id -> Int8,
        email -> Text,
        password_hash -> Text,
        full_name -> Nullable<Text>,
        role -> Text,
        permissions -> Jsonb,
        store_id -> Nullable<Int8>,
        active -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        token_version -> Int8,
        tokens_ended_at -> Nullable<Timestamptz>,
        search_text -> Nullable<Text>,
        folded_name -> Nullable<Text>,
    }
}

diesel::table! {
    variants (store_id, id) {
        store_id -> Int8,
        id -> Int8,
        product_id -> Int8,
        size -> Nullable<Text>,
        sku -> Text,
        barcode -> Nullable<Text>,
        price -> Nullable<Int8>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        status -> Text,
        min_stock_level -> Nullable<Int8>,
        size_key -> Nullable<Text>,
    }
}

diesel::joinable!(addresses -> stores (store_id));
diesel::joinable!(addresses -> users (user_id));
diesel::joinable!(locations -> stores (store_id));
diesel::joinable!(products -> stores (store_id));
diesel::joinable!(users -> stores (store_id));

diesel::allow_tables_to_appear_in_same_query!(
    addresses,
    audit_log,
    cart_items,
    carts,
    idempotency_keys,
    locations,
    mail_outbox,
    order_history,
    order_items,
    order_payments,
    orders,
    password_resets,
    payment_events,
    product_codes,
    products,
    reservations,
    sessions,
    stock_holds,
    stock_levels,
    stock_movements,
    stores,
    users,
    variants,
);
