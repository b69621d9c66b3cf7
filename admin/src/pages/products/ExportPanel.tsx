import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconDownload, IconFileSpreadsheet } from '@tabler/icons-react';
import { useState } from 'react';

import { download } from '../../api/download';
import { useCan, type Needs } from '../../api/session';
import { texts } from '../../texts';
import { addDays, useFormats } from '../../ui/format';
import { notifyProblem } from '../../ui/notify';
import { Panel } from '../../ui/page';
import { messageOf } from '../../ui/states';
import classes from './import.module.css';

const t = texts.stock;
type ExportKind = keyof typeof t.exportKinds;

const NEEDS: Record<ExportKind, Needs> = {
  products: 'inventory:read',
  stock: 'inventory:read',
  barcodes: 'inventory:read',
  movements: 'inventory:read',
  suppliers: 'purchasing:manage',
  purchase_orders: 'purchasing:manage',
};

/** Kinds of which only the rows of a time can be wanted. */
const BY_TIME: ExportKind[] = ['movements', 'purchase_orders'];

/** Files of rows, with the columns that an import reads. */
export function ExportPanel() {
  const can = useCan();
  const { startOfDay } = useFormats();
  const kinds = (Object.keys(NEEDS) as ExportKind[]).filter((kind) => can(NEEDS[kind]));
  const [kind, setKind] = useState<ExportKind>(kinds[0] ?? 'products');
  const [from, setFrom] = useState('');
  const [until, setUntil] = useState('');
  const [loading, setLoading] = useState<'csv' | 'xlsx' | null>(null);
  if (kinds.length === 0) return null;
  const isByTime = BY_TIME.includes(kind);

  const save = async (format: 'csv' | 'xlsx') => {
    const query = new URLSearchParams({ kind, format });
    if (isByTime && from) query.set('from', startOfDay(from));
    if (isByTime && until) query.set('to', startOfDay(addDays(until, 1)));
    setLoading(format);
    await download(`/exports?${query.toString()}`, `${kind}.${format}`).catch((error: unknown) => notifyProblem(t.downloadBroken, messageOf(error)));
    setLoading(null);
  };

  return (
    <Panel title={t.export}>
      <Stack gap="sm" maw={720}>
        <div className={classes.fields}>
          <Select
            label={t.exportKind}
            data={kinds.map((value) => ({ value, label: t.exportKinds[value] }))}
            value={kind}
            onChange={(value) => value && setKind(value as ExportKind)}
            comboboxProps={{ shadow: 'md' }}
          />
          {isByTime && (
            <div className={classes.days}>
              <TextInput type="date" label={t.from} value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
              <TextInput type="date" label={t.until} value={until} onChange={(event) => setUntil(event.currentTarget.value)} />
            </div>
          )}
        </div>
        <Text size="sm" c="dimmed">
          {t.exportHint} {t.csvHint}
        </Text>
        <Group gap="xs">
          <Button
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            loading={loading === 'csv'}
            onClick={() => void save('csv')}
          >
            {t.downloadCsv}
          </Button>
          <Button
            variant="default"
            leftSection={<IconFileSpreadsheet size={16} aria-hidden />}
            loading={loading === 'xlsx'}
            onClick={() => void save('xlsx')}
          >
            {t.downloadXlsx}
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}
