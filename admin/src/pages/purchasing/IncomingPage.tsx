import { Badge } from '@mantine/core';
import { IconTruck } from '@tabler/icons-react';

import { api, type Schemas } from '../../api/client';
import { texts } from '../../texts';
import { FilterBar, SelectFilter } from '../../ui/filters';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { usePageExists } from '../../ui/path';
import { useLocationName, useLocations } from '../../ui/places';
import { ProductCell } from '../../ui/product';
import { EmptyState } from '../../ui/states';
import { DataTable, type Column } from '../../ui/table';
import { Expected } from '../inbound/Expected';
import { SideFigure } from '../inbound/SideFigure';
import { pathTo } from '../paths';

const t = texts.purchasing;

type Incoming = Schemas['IncomingResponse'];

/** What arrives where and when: from suppliers and from other places. */
export default function IncomingPage() {
  const list = useListState('/inventory/incoming', { filters: ['location'], sort: 'expected_on' });
  const incoming = api.useQuery('get', '/inventory/incoming', { params: { query: list.query } }, { placeholderData: keepPreviousData });
  const locations = useLocations();
  const nameOf = useLocationName();
  const exists = usePageExists();
  const pathOf = (one: Incoming) => (one.kind === 'transfer' ? pathTo.transfer(one.number) : pathTo.purchaseOrder(one.number));

  const columns: Column<Incoming>[] = [
    {
      title: texts.common.product,
      cell: (one) => <ProductCell line={one} />,
    },
    { title: t.expectedOn, sort: 'expected_on', cell: (one) => <Expected on={one.expected_on} /> },
    { title: t.units, align: 'right', phone: 'side', cell: (one) => <SideFigure label={t.units} value={one.outstanding_quantity} /> },
    { title: t.arrivesAt, cell: (one) => nameOf(one.location_id) },
    { title: t.source, cell: (one) => <Badge color={one.kind === 'transfer' ? 'gray' : 'blue'}>{t.kinds[one.kind]}</Badge> },
    { title: t.number, cell: (one) => <span className="code">{one.number}</span> },
  ];

  return (
    <>
      <PageHeader title={t.incomingTitle}>{t.incomingHint}</PageHeader>
      <div className="panel">
        <FilterBar>
          <SelectFilter list={list} name="location" label={texts.common.location} options={locations.map(({ id, name }) => ({ value: String(id), label: name }))} />
        </FilterBar>
        <DataTable
          label={t.incomingTitle}
          query={incoming}
          list={list}
          columns={columns}
          rowKey={(one) => String(one.line_id)}
          rowLink={(one) => (exists(pathOf(one)) ? pathOf(one) : undefined)}
          empty={<EmptyState title={t.nothingIncoming} icon={<IconTruck size={24} stroke={1.6} />} />}
        />
      </div>
    </>
  );
}
