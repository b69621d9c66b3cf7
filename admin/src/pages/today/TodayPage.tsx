import { SimpleGrid, Stack } from '@mantine/core';

import { useCan } from '../../api/session';
import { texts } from '../../texts';
import { PageHeader } from '../../ui/page';
import { EmptyState } from '../../ui/states';
import { useFormats } from '../../ui/format';
import { Ledger } from './Ledger';
import { LowStock, PaymentsRunningOut, Purchases, RefundsDue, ToShip, Transfers } from './lists';
import { Sales } from './Sales';

const t = texts.today;

/** What waits for someone today, and how the day sells. */
export default function TodayPage() {
  const can = useCan();
  const { day, today } = useFormats();
  const isEmpty = !['orders:read', 'inventory:read', 'inventory:update', 'purchasing:manage', 'reports:read'].some((one) => can(one as never));
  return (
    <>
      <PageHeader title={t.title}>{day(today())}</PageHeader>
      <Stack gap="md">
        {isEmpty && <EmptyState title={t.nothingForRole} />}
        {can('reports:read') && <Sales />}
        <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} spacing="md">
          {can('orders:read') && <ToShip />}
          {can('inventory:read') && <LowStock />}
          {can('orders:read') && <PaymentsRunningOut />}
          {can('orders:read') && <RefundsDue />}
          {can('inventory:update') && <Transfers />}
          {can('purchasing:manage') && <Purchases />}
        </SimpleGrid>
        {can('inventory:read') && <Ledger />}
      </Stack>
    </>
  );
}
