import { Anchor, Button, Text } from '@mantine/core';
import { IconPackageImport, IconPencil, IconSend } from '@tabler/icons-react';
import { useState } from 'react';

import { api } from '../../api/client';
import { useCan } from '../../api/session';
import { texts } from '../../texts';
import { Actor } from '../../ui/actor';
import { Link } from '../../ui/link';
import { Facts, PageHeader, Panel } from '../../ui/page';
import { usePathParam } from '../../ui/path';
import { useLocationName } from '../../ui/places';
import { ErrorState, LoadingPage } from '../../ui/states';
import { StatusBadge } from '../../ui/status';
import { DateTime, Money } from '../../ui/values';
import type { PurchaseOrder } from '../inbound/document';
import { DocumentColumns } from '../inbound/DocumentColumns';
import { Expected } from '../inbound/Expected';
import { MoreMenu } from '../inbound/MoreMenu';
import { ReceivePurchaseDialog } from '../inbound/ReceiveDialog';
import { BackToDraft, CancelOrder, CloseOrder, DetailsDialog, PlaceOrder } from './actions';
import { lineColumns } from './lines';
import { OrderDialog } from './OrderDialog';

const t = texts.purchasing;

type Open = 'edit' | 'order' | 'draft' | 'details' | 'receive' | 'close' | 'cancel';

export default function PurchaseOrderPage() {
  const number = usePathParam('number');
  const order = api.useQuery('get', '/purchase-orders/{id}', { params: { path: { id: number } } });
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);

  if (!order.data) {
    return (
      <>
        <PageHeader title={number} back={{ to: '/purchasing', label: t.ordersTitle }} />
        {order.error ? <ErrorState error={order.error} retry={() => void order.refetch()} /> : <LoadingPage />}
      </>
    );
  }
  const data = order.data;
  return (
    <>
      <Header order={data} onOpen={setOpen} />
      <DocumentColumns label={t.lines} lines={data.lines} columns={lineColumns(data)} document={data} details={<Details order={data} />} />
      {open === 'edit' && <OrderDialog order={data} onClose={close} />}
      {open === 'order' && <PlaceOrder order={data} onClose={close} />}
      {open === 'draft' && <BackToDraft order={data} onClose={close} />}
      {open === 'details' && <DetailsDialog order={data} onClose={close} />}
      {open === 'receive' && <ReceivePurchaseDialog order={data} onClose={close} />}
      {open === 'close' && <CloseOrder order={data} onClose={close} />}
      {open === 'cancel' && <CancelOrder order={data} onClose={close} />}
    </>
  );
}

function Header({ order, onOpen }: { order: PurchaseOrder; onOpen: (open: Open) => void }) {
  const nameOf = useLocationName();
  return (
    <PageHeader
      title={order.purchase_order_number}
      back={{ to: '/purchasing', label: t.ordersTitle }}
      badges={<StatusBadge of="inbound" status={order.status} />}
      actions={<Actions order={order} onOpen={onOpen} />}
    >
      {t.fromAt(order.supplier_name, nameOf(order.location_id))}
    </PageHeader>
  );
}

/** What the state of the order and the account allow, the usual next step last. */
function Actions({ order: { status }, onOpen }: { order: PurchaseOrder; onOpen: (open: Open) => void }) {
  const can = useCan();
  if (status === 'draft') {
    return (
      <>
        <MoreMenu<Open> items={[[t.cancel, 'cancel']]} onOpen={onOpen} />
        <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={() => onOpen('edit')}>
          {texts.common.edit}
        </Button>
        <Button leftSection={<IconSend size={16} aria-hidden />} onClick={() => onOpen('order')}>
          {t.order}
        </Button>
      </>
    );
  }
  if (status !== 'ordered' && status !== 'partially_received') return null;
  const isUntouched = status === 'ordered';
  const untouched: [string, Open][] = [
    [t.toDraft, 'draft'],
    [t.cancel, 'cancel'],
  ];
  return (
    <>
      <MoreMenu<Open> items={[[t.editDetails, 'details'], ...(isUntouched ? untouched : []), [t.close, 'close']]} onOpen={onOpen} />
      {can('inventory:update') && (
        <Button leftSection={<IconPackageImport size={17} aria-hidden />} onClick={() => onOpen('receive')}>
          {texts.inbound.receive}
        </Button>
      )}
    </>
  );
}

function Details({ order }: { order: PurchaseOrder }) {
  const nameOf = useLocationName();
  const isOpen = order.lines.some((line) => line.outstanding_quantity > 0);
  return (
    <Panel title={t.details}>
      <Facts
        facts={[
          [
            t.supplier,
            <Anchor key="supplier" inherit component={Link} to={`/purchasing/suppliers/${order.supplier_id}`}>
              {order.supplier_name}
            </Anchor>,
          ],
          [t.arrivesAt, nameOf(order.location_id)],
          [t.expectedOn, <Expected key="expected" on={order.expected_on} isOpen={isOpen} />],
          [t.total, <Money key="total" amount={order.total} />],
          [t.reference, order.reference ?? texts.common.noValue],
          [t.made, <DateTime key="made" at={order.created_at} />],
          [texts.inbound.by, <Actor key="by" actor={order.actor} />],
        ]}
      />
      {order.notes && (
        <Text size="sm" mt="sm">
          {order.notes}
        </Text>
      )}
    </Panel>
  );
}
