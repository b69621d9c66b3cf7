import { Button } from '@mantine/core';
import { IconPlus, IconTruck } from '@tabler/icons-react';
import { useState } from 'react';

import { api, type Schemas } from '../../api/client';
import { useShortcut } from '../../shell/shortcuts';
import { texts } from '../../texts';
import { StatusTabs } from '../../ui/filters';
import { useFormats } from '../../ui/format';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { useLocationName } from '../../ui/places';
import { EmptyState } from '../../ui/states';
import { StatusBadge, statusText } from '../../ui/status';
import { DataTable, type Column } from '../../ui/table';
import { DateTime } from '../../ui/values';
import { Expected } from '../inbound/Expected';
import classes from '../inbound/inbound.module.css';
import { pathTo } from '../paths';
import { TransferDialog } from './TransferDialog';

const t = texts.transfers;
const STATES: Schemas['InboundStatus'][] = ['draft', 'ready', 'in_transit', 'partially_received', 'received', 'cancelled'];

type Transfer = Schemas['TransferSummaryResponse'];

export default function TransfersPage() {
  const list = useListState('/transfers', { filters: ['status'], sort: '-created_at' });
  const transfers = api.useQuery('get', '/transfers', { params: { query: list.query } }, { placeholderData: keepPreviousData });
  const nameOf = useLocationName();
  const { quantity } = useFormats();
  const [isMaking, setIsMaking] = useState(false);
  const make = () => setIsMaking(true);
  useShortcut({ keys: 'n', label: t.make, run: make });

  const columns: Column<Transfer>[] = [
    { title: t.number, cell: (transfer) => <span className={`code ${classes.number}`}>{transfer.transfer_number}</span> },
    { title: t.status, phone: 'side', cell: (transfer) => <StatusBadge of="inbound" status={transfer.status} /> },
    { title: t.route, cell: (transfer) => t.fromTo(nameOf(transfer.from_location_id), nameOf(transfer.to_location_id)) },
    { title: t.outstanding, align: 'right', cell: (transfer) => t.leftOf(quantity(transfer.outstanding_quantity), quantity(transfer.quantity)) },
    { title: t.expectedOn, cell: (transfer) => <Expected on={transfer.expected_on} isOpen={transfer.outstanding_quantity > 0} /> },
    { title: t.reference, phone: 'hidden', cell: (transfer) => transfer.reference ?? texts.common.noValue },
    { title: t.made, sort: 'created_at', cell: (transfer) => <DateTime at={transfer.created_at} /> },
  ];

  return (
    <>
      <PageHeader
        title={t.title}
        actions={
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={make}>
            {t.make}
          </Button>
        }
      />
      <div className="panel">
        <StatusTabs
          list={list}
          label={t.states}
          tabs={[
            { label: texts.common.all, filters: {} },
            ...STATES.map((status) => ({ label: statusText('inbound', status), filters: { status } })),
          ]}
        />
        <DataTable
          label={t.title}
          query={transfers}
          list={list}
          columns={columns}
          rowKey={(transfer) => String(transfer.id)}
          rowLink={(transfer) => pathTo.transfer(transfer.transfer_number)}
          empty={<EmptyState title={t.none} hint={t.noneHint} icon={<IconTruck size={24} stroke={1.6} />} action={<Button onClick={make}>{t.make}</Button>} />}
        />
      </div>
      {isMaking && <TransferDialog onClose={() => setIsMaking(false)} />}
    </>
  );
}
