import { Button, Text } from '@mantine/core';
import { IconPackageImport, IconPencil, IconTruck } from '@tabler/icons-react';
import { useState } from 'react';

import { api } from '../../api/client';
import { texts } from '../../texts';
import { Actor } from '../../ui/actor';
import { Facts, PageHeader, Panel } from '../../ui/page';
import { usePathParam } from '../../ui/path';
import { useLocationName } from '../../ui/places';
import { ErrorState, LoadingPage } from '../../ui/states';
import { StatusBadge } from '../../ui/status';
import { DateTime } from '../../ui/values';
import type { Transfer } from '../inbound/document';
import { DocumentColumns } from '../inbound/DocumentColumns';
import { Expected } from '../inbound/Expected';
import { MoreMenu } from '../inbound/MoreMenu';
import { ReceiveTransferDialog } from '../inbound/ReceiveDialog';
import { BackToDraft, CancelTransfer, ReadyDialog, SendDialog, SettleDialog } from './actions';
import { lineColumns } from './lines';
import { TransferDialog } from './TransferDialog';

const t = texts.transfers;

type Open = 'edit' | 'ready' | 'draft' | 'send' | 'receive' | 'settle' | 'cancel';

export default function TransferPage() {
  const number = usePathParam('number');
  const transfer = api.useQuery('get', '/transfers/{id}', { params: { path: { id: number } } });
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);

  if (!transfer.data) {
    return (
      <>
        <PageHeader title={number} back={{ to: '/transfers', label: t.title }} />
        {transfer.error ? <ErrorState error={transfer.error} retry={() => void transfer.refetch()} /> : <LoadingPage />}
      </>
    );
  }
  const data = transfer.data;
  return (
    <>
      <Header transfer={data} onOpen={setOpen} />
      <DocumentColumns label={t.lines} lines={data.lines} columns={lineColumns(data)} document={data} details={<Details transfer={data} />} />
      {open === 'edit' && <TransferDialog transfer={data} onClose={close} />}
      {open === 'ready' && <ReadyDialog transfer={data} onClose={close} />}
      {open === 'draft' && <BackToDraft transfer={data} onClose={close} />}
      {open === 'send' && <SendDialog transfer={data} onClose={close} />}
      {open === 'receive' && <ReceiveTransferDialog transfer={data} onClose={close} />}
      {open === 'settle' && <SettleDialog transfer={data} onClose={close} />}
      {open === 'cancel' && <CancelTransfer transfer={data} onClose={close} />}
    </>
  );
}

function Header({ transfer, onOpen }: { transfer: Transfer; onOpen: (open: Open) => void }) {
  const nameOf = useLocationName();
  return (
    <PageHeader
      title={transfer.transfer_number}
      back={{ to: '/transfers', label: t.title }}
      badges={<StatusBadge of="inbound" status={transfer.status} />}
      actions={<Actions transfer={transfer} onOpen={onOpen} />}
    >
      {t.fromTo(nameOf(transfer.from_location_id), nameOf(transfer.to_location_id))}
    </PageHeader>
  );
}

/** What the state of the transfer allows, the usual next step last. */
function Actions({ transfer: { status }, onOpen }: { transfer: Transfer; onOpen: (open: Open) => void }) {
  if (status === 'draft') {
    return (
      <>
        <MoreMenu<Open> items={[[t.cancel, 'cancel']]} onOpen={onOpen} />
        <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={() => onOpen('edit')}>
          {texts.common.edit}
        </Button>
        <Button onClick={() => onOpen('ready')}>{t.ready}</Button>
      </>
    );
  }
  if (status === 'ready') {
    return (
      <>
        <MoreMenu<Open> items={[[t.toDraft, 'draft'], [t.cancel, 'cancel']]} onOpen={onOpen} />
        <Button leftSection={<IconTruck size={17} aria-hidden />} onClick={() => onOpen('send')}>
          {t.send}
        </Button>
      </>
    );
  }
  if (status === 'in_transit' || status === 'partially_received') {
    return (
      <>
        <Button variant="default" onClick={() => onOpen('settle')}>
          {t.settle}
        </Button>
        <Button leftSection={<IconPackageImport size={17} aria-hidden />} onClick={() => onOpen('receive')}>
          {texts.inbound.receive}
        </Button>
      </>
    );
  }
  return null;
}

function Details({ transfer }: { transfer: Transfer }) {
  const nameOf = useLocationName();
  const isOpen = transfer.lines.some((line) => line.outstanding_quantity > 0);
  return (
    <Panel title={t.details}>
      <Facts
        facts={[
          [t.from, nameOf(transfer.from_location_id)],
          [t.to, nameOf(transfer.to_location_id)],
          [t.expectedOn, <Expected key="expected" on={transfer.expected_on} isOpen={isOpen} />],
          [t.tracking, transfer.tracking ?? texts.common.noValue],
          [t.reference, transfer.reference ?? texts.common.noValue],
          [t.made, <DateTime key="made" at={transfer.created_at} />],
          [texts.inbound.by, <Actor key="by" actor={transfer.actor} />],
        ]}
      />
      {transfer.notes && (
        <Text size="sm" mt="sm">
          {transfer.notes}
        </Text>
      )}
    </Panel>
  );
}
