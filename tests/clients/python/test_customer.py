"""The first purchase, and refusals."""

from uuid import uuid4

from conftest import answered, refused
from stockroom_client import AuthenticatedClient
from stockroom_client.api.addresses import create_address
from stockroom_client.api.cart import add_cart_item
from stockroom_client.api.checkout import checkout
from stockroom_client.api.inventory import get_availability
from stockroom_client.api.orders import cancel_order, get_order_history, place_order
from stockroom_client.models import (
    AddItemRequest,
    AddressRequest,
    AddressResponse,
    AvailabilityResponse,
    CartResponse,
    CheckoutRequest,
    Code,
    OrderItemRequest,
    OrderRequest,
    OrderResponse,
    OrderStatus,
    ReasonRequest,
)


def available(client: AuthenticatedClient) -> int:
    answer = get_availability.sync_detailed("tee-red", 5, client=client, size="M")
    return answered(answer, AvailabilityResponse).available_quantity


def test_a_customer_buys_five_shirts_cancels_the_order_and_the_stock_returns(customer: AuthenticatedClient) -> None:
    before = available(customer)
    body = AddressRequest(
        full_name="Asha Rao",
        phone="+91 98450-12345",
        line1="12 Lake View Road",
        city="Bengaluru",
        postal_code="560001",
        country="IN",
    )
    address = answered(create_address.sync_detailed(client=customer, body=body), AddressResponse)
    item = AddItemRequest(product_id="tee-red", size="M", quantity=5)
    cart = answered(add_cart_item.sync_detailed(client=customer, body=item), CartResponse)
    assert cart.total_amount == 150
    assert cart.items[0].sku == "tee-red-M"

    key = str(uuid4())
    purchase = CheckoutRequest(shipping_address_id=address.id, expected_total=cart.total_amount)
    order = answered(checkout.sync_detailed(client=customer, body=purchase, idempotency_key=key), OrderResponse)
    assert order.status is OrderStatus.PENDING
    assert order.shipping_address is not None and order.shipping_address.city == "Bengaluru"
    replayed = checkout.sync_detailed(client=customer, body=purchase, idempotency_key=key)
    assert answered(replayed, OrderResponse).order_number == order.order_number
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert available(customer) == before - 5

    reason = ReasonRequest(reason="Changed my mind")
    cancelled = answered(cancel_order.sync_detailed(order.order_number, client=customer, body=reason), OrderResponse)
    assert cancelled.status is OrderStatus.CANCELLED
    assert cancelled.next_statuses == []
    history = answered(get_order_history.sync_detailed(str(order.id), client=customer), list)
    assert [step.to for step in history] == [OrderStatus.PENDING, OrderStatus.CANCELLED]
    assert available(customer) == before


def test_an_order_of_more_than_there_is_names_every_short_line(customer: AuthenticatedClient) -> None:
    items = [
        OrderItemRequest(product_id="tee-red", size="M", quantity=1000),
        OrderItemRequest(product_id="prod_006", quantity=1),
    ]
    problem = refused(place_order.sync_detailed(client=customer, body=OrderRequest(items=items)))
    assert problem.code is Code.INSUFFICIENT_STOCK
    assert problem.stock_errors
    assert [(line.sku, line.requested_quantity, line.shortage > 0) for line in problem.stock_errors] == [
        ("tee-red-M", 1000, True),
        ("prod_006", 1, True),
    ]


def test_a_refused_field_is_named(customer: AuthenticatedClient) -> None:
    item = AddItemRequest(product_id="prod_001", quantity=0)
    problem = refused(add_cart_item.sync_detailed(client=customer, body=item))
    assert problem.code is Code.VALIDATION_FAILED
    assert problem.errors
    assert problem.errors[0].field == "quantity"
