//! The rules for changes of a cart. The cart is locked first; its holds follow its lines.

use diesel::PgConnection;

use super::holding::{self, HoldTarget};
use super::queries::{self, Cart, CartLine, NewLine};
use super::response;
use crate::auth::Scope;
use crate::catalogue::lines::{self, RequestedVariant};
use crate::catalogue::queries::sellables;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{CartItemId, VariantId};
use crate::kernel::quantity::{MAX_LINES, MAX_QUANTITY, Quantity};
use crate::settings::Reservations;
use crate::stores::queries as stores;

/// A change of the cart of the account that sends the request.
pub struct CartChange<'a> {
    pub conn: &'a mut PgConnection,
    pub scope: &'a Scope,
    pub reservations: &'a Reservations,
}

impl CartChange<'_> {
    /// Adds units to the line of the variant, or adds the line.
    pub fn add_item(mut self, item: RequestedVariant<'_>) -> Result<(), Abort> {
        let variant = self.resolve(item)?;
        let (cart, lines) = self.lock_cart()?;
        self.refuse_archived(variant)?;
        let at = db::clock(self.conn)?;
        let known = lines.iter().find(|line| line.variant_id == variant);
        let quantity = known.map_or(0, |line| line.quantity).saturating_add(item.quantity);
        match known {
            Some(_) if quantity > MAX_QUANTITY => {
                let message = format!("makes {quantity} with what is in the cart; the most is {MAX_QUANTITY}");
                return Err(ApiError::field("quantity", message).into());
            }
            Some(line) => queries::update_line(self.conn, self.scope.store, line, quantity, at)?,
            None if lines.len() >= MAX_LINES => {
                return Err(ApiError::field("product_id", format!("a cart has at most {MAX_LINES} lines")).into());
            }
            None => {
                let line = NewLine { cart: cart.id, variant, quantity };
                queries::insert_line(self.conn, self.scope.store, line, at)?;
            }
        }
        self.hold(&cart, &[HoldTarget { variant, quantity }])
    }

    /// Sets the quantity of a line. More units of a product that cannot be bought any more are refused.
    pub fn set_quantity(mut self, item: CartItemId, quantity: Quantity) -> Result<(), Abort> {
        let (cart, lines) = self.lock_cart()?;
        let line = find_line(&lines, item)?;
        let at = db::clock(self.conn)?;
        let (variant, quantity) = (line.variant_id, quantity.get());
        if quantity > line.quantity {
            self.refuse_archived(variant)?;
        }
        queries::update_line(self.conn, self.scope.store, line, quantity, at)?;
        self.hold(&cart, &[HoldTarget { variant, quantity }])
    }

    pub fn remove_item(mut self, item: CartItemId) -> Result<(), Abort> {
        let (cart, lines) = self.lock_cart()?;
        let line = find_line(&lines, item)?;
        self.remove_lines(&cart, &[*line])
    }

    pub fn clear(mut self) -> Result<(), Abort> {
        let (cart, lines) = self.lock_cart()?;
        self.remove_lines(&cart, &lines)
    }

    fn resolve(&mut self, item: RequestedVariant<'_>) -> Result<VariantId, Abort> {
        let found = lines::find_variants(self.conn, self.scope.store, &[item])?.pop();
        found.ok_or_else(|| Failure::Internal("a product was not looked up".to_owned()).into())
    }

    fn lock_cart(&mut self) -> Result<(Cart, Vec<CartLine>), Abort> {
        let user = self.scope.principal.account()?.id;
        let at = db::clock(self.conn)?;
        let cart = queries::get_for_update(self.conn, self.scope.store, user, at)?;
        let lines = queries::list_lines(self.conn, self.scope.store, &[cart.id])?.remove(&cart.id).unwrap_or_default();
        Ok((cart, lines))
    }

    /// Refuses to add units of a product that cannot be bought any more.
    fn refuse_archived(&mut self, variant: VariantId) -> Result<(), Abort> {
        let sellable = sellables::load(self.conn, self.scope.store, &[variant])?.pop();
        match sellable.filter(|sellable| !sellable.is_active) {
            Some(archived) => {
                Err(ApiError::new(Code::ProductUnavailable, response::unavailable(&archived.product_name)).into())
            }
            None => Ok(()),
        }
    }

    /// Deletes lines and releases their holds.
    fn remove_lines(&mut self, cart: &Cart, lines: &[CartLine]) -> Result<(), Abort> {
        let ids: Vec<CartItemId> = lines.iter().map(|line| line.id).collect();
        queries::delete_lines(self.conn, self.scope.store, &ids)?;
        let targets: Vec<HoldTarget> =
            lines.iter().map(|line| HoldTarget { variant: line.variant_id, quantity: 0 }).collect();
        self.hold(cart, &targets)
    }

    /// Holds the targets, if the store holds carts. If the store has turned cart holds off, a job releases the old
    /// holds.
    fn hold(&mut self, cart: &Cart, targets: &[HoldTarget]) -> Result<(), Abort> {
        if stores::get_store(self.conn, self.scope.store)?.hold_cart_items {
            holding::hold(self.conn, self.scope, cart, targets, self.reservations)?;
        }
        Ok(())
    }
}

fn find_line(lines: &[CartLine], item: CartItemId) -> Result<&CartLine, ApiError> {
    lines
        .iter()
        .find(|line| line.id == item)
        .ok_or_else(|| ApiError::not_found(Code::CartItemNotFound, format_args!("Cart item {item}")))
}
