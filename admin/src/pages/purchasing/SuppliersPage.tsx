import { Badge, Button } from '@mantine/core';
import { IconBuildingWarehouse, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';

import { api, type Schemas } from '../../api/client';
import { useShortcut } from '../../shell/shortcuts';
import { texts } from '../../texts';
import { FilterBar, SearchField, StatusTabs } from '../../ui/filters';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { EmptyState } from '../../ui/states';
import { DataTable, type Column } from '../../ui/table';
import { SupplierDialog } from './SupplierDialog';

const t = texts.purchasing;

type Supplier = Schemas['SupplierResponse'];

export default function SuppliersPage() {
  const list = useListState('/suppliers', { filters: ['active', 'q'], sort: 'name' });
  const suppliers = api.useQuery('get', '/suppliers', { params: { query: list.query } }, { placeholderData: keepPreviousData });
  const [isMaking, setIsMaking] = useState(false);
  const make = () => setIsMaking(true);
  useShortcut({ keys: 'n', label: t.makeSupplier, run: make });
  const none = texts.common.noValue;

  const columns: Column<Supplier>[] = [
    { title: t.name, sort: 'name', cell: (supplier) => supplier.name },
    { title: t.code, sort: 'code', cell: (supplier) => <span className="code">{supplier.code}</span> },
    { title: t.email, cell: (supplier) => supplier.email ?? none },
    { title: t.phone, cell: (supplier) => supplier.phone ?? none },
    { title: t.leadTime, align: 'right', cell: (supplier) => (supplier.lead_time_days === null ? none : t.days(String(supplier.lead_time_days))) },
    { title: t.status, phone: 'side', cell: (supplier) => <ActiveBadge isActive={supplier.active} /> },
  ];

  return (
    <>
      <PageHeader
        title={t.suppliers}
        actions={
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={make}>
            {t.makeSupplier}
          </Button>
        }
      />
      <div className="panel">
        <StatusTabs
          list={list}
          label={t.status}
          tabs={[
            { label: texts.common.all, filters: {} },
            { label: t.active, filters: { active: 'true' } },
            { label: t.inactive, filters: { active: 'false' } },
          ]}
        />
        <FilterBar>
          <SearchField list={list} label={t.findSupplier} />
        </FilterBar>
        <DataTable
          label={t.suppliers}
          query={suppliers}
          list={list}
          columns={columns}
          rowKey={(supplier) => String(supplier.id)}
          rowLink={(supplier) => `/purchasing/suppliers/${supplier.id}`}
          empty={<EmptyState title={t.noSuppliers} hint={t.noSuppliersHint} icon={<IconBuildingWarehouse size={24} stroke={1.6} />} action={<Button onClick={make}>{t.makeSupplier}</Button>} />}
        />
      </div>
      {isMaking && <SupplierDialog onClose={() => setIsMaking(false)} />}
    </>
  );
}

export function ActiveBadge({ isActive }: { isActive: boolean }) {
  return <Badge color={isActive ? 'teal' : 'gray'}>{isActive ? t.active : t.inactive}</Badge>;
}
