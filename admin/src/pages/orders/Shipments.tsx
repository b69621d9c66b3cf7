import { Anchor, Button, Text } from '@mantine/core';
import { IconExternalLink, IconPrinter } from '@tabler/icons-react';

import { api } from '../../api/client';
import { useCan } from '../../api/session';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { Link } from '../../ui/link';
import { Panel } from '../../ui/page';
import { nameWithSize } from '../../ui/product';
import { ErrorNote } from '../../ui/states';
import { StatusBadge } from '../../ui/status';
import { CodeText, DateTime } from '../../ui/values';
import { pathTo } from '../paths';
import { DeliveredDialog, LostDialog, TrackingDialog } from './dialogs';
import type { Order, Shipment } from './order';
import { useOpenDialog } from './open-dialog';
import { usePlaceName } from './places';
import classes from './order.module.css';

const t = texts.orders.shipments;
/** The order itself has so many of its newest shipments. */
const SHIPMENTS_OF_ORDER = 20;

export function ShipmentsPanel({ order }: { order: Order }) {
  const hasMore = order.shipments.length >= SHIPMENTS_OF_ORDER;
  const all = api.useQuery('get', '/orders/{id}/shipments', { params: { path: { id: order.order_number } } }, { enabled: hasMore });
  const shipments = all.data ?? order.shipments;
  const none = order.pickup_location_id === null ? t.none : t.noneCollect;
  return (
    <Panel title={t.title} isFlush>
      {all.error ? <ErrorNote error={all.error} retry={() => void all.refetch()} /> : null}
      {shipments.length === 0 ? (
        <Text size="sm" c="dimmed" px={16} pb={14}>
          {none}
        </Text>
      ) : (
        <ul className={classes.list} aria-label={t.title}>
          {shipments.map((shipment) => (
            <ShipmentRow key={shipment.id} order={order} shipment={shipment} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function ShipmentRow({ order, shipment }: { order: Order; shipment: Shipment }) {
  const { quantity } = useFormats();
  const placeName = usePlaceName(order);
  return (
    <li>
      <div className={classes.head}>
        <span className={classes.headName}>
          <CodeText>{shipment.shipment_number}</CodeText>
          <StatusBadge of="shipment" status={shipment.status} />
        </span>
        <span className={classes.small}>
          {t.sent} <DateTime at={shipment.created_at} />
        </span>
      </div>
      <ul className={classes.lines}>
        {shipment.lines.map((line) => (
          <li key={`${line.item_id}-${line.location_id}`}>
            <span className="figures">{quantity(line.quantity)} ×</span> {nameWithSize(line)} <span className={classes.small}>{t.from(placeName(line.location_id))}</span>
          </li>
        ))}
      </ul>
      <Tracking shipment={shipment} />
      <ShipmentSteps order={order} shipment={shipment} />
    </li>
  );
}

function Tracking({ shipment }: { shipment: Shipment }) {
  const isWebAddress = /^https?:\/\//i.test(shipment.tracking_url ?? '');
  return (
    <div className={classes.small}>
      {[shipment.carrier, shipment.tracking_number].filter(Boolean).join(' · ')}
      {isWebAddress && (
        <>
          {' '}
          <Anchor href={shipment.tracking_url ?? ''} target="_blank" rel="noreferrer" size="xs">
            {t.track} <IconExternalLink size={12} aria-hidden />
          </Anchor>
        </>
      )}
      {shipment.delivered_at && (
        <div>
          {t.arrived} <DateTime at={shipment.delivered_at} />
        </div>
      )}
      {shipment.lost_at && (
        <div>
          {t.lostAt} <DateTime at={shipment.lost_at} />: {shipment.lost_reason}
        </div>
      )}
    </div>
  );
}

function ShipmentSteps({ order, shipment }: { order: Order; shipment: Shipment }) {
  const can = useCan();
  const open = useOpenDialog();
  const number = shipment.shipment_number;
  const mayUpdate = can('orders:update');
  const isOnTheWay = shipment.status === 'in_transit';
  return (
    <div className={`${classes.rowButtons} no-print`}>
      {mayUpdate && isOnTheWay && (
        <Button size="xs" variant="default" aria-label={t.deliveredOf(number)} onClick={() => open((close) => <DeliveredDialog order={order} shipment={shipment} onClose={close} />)}>
          {texts.orders.steps.delivered}
        </Button>
      )}
      {mayUpdate && isOnTheWay && (
        <Button size="xs" variant="default" aria-label={t.lostOf(number)} onClick={() => open((close) => <LostDialog order={order} shipment={shipment} onClose={close} />)}>
          {texts.orders.steps.lost}
        </Button>
      )}
      {mayUpdate && order.pickup_location_id === null && (
        <Button size="xs" variant="default" aria-label={t.editOf(number)} onClick={() => open((close) => <TrackingDialog order={order} shipment={shipment} onClose={close} />)}>
          {texts.orders.steps.tracking}
        </Button>
      )}
      <Button
        size="xs"
        variant="default"
        component={Link}
        to={pathTo.shipmentSlip(order.order_number, number)}
        aria-label={t.slipOf(number)}
        leftSection={<IconPrinter size={14} aria-hidden />}
      >
        {t.slip}
      </Button>
    </div>
  );
}
