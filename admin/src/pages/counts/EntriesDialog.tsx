import { Table, Text } from '@mantine/core';

import { api, type Schemas } from '../../api/client';
import { texts } from '../../texts';
import { Dialog } from '../../ui/dialog';
import { useFormats } from '../../ui/format';
import { ErrorNote, LoadingPage } from '../../ui/states';
import { Actor } from '../../ui/actor';
import { nameWithSize } from '../../ui/product';
import { DateTime } from '../../ui/values';

const t = texts.counts;

interface Props {
  count: Schemas['CountResponse'];
  line: Schemas['CountLineResponse'];
  onClose: () => void;
}

/** Who counted a line, when, and what. */
export function EntriesDialog({ count, line, onClose }: Props) {
  const { quantity } = useFormats();
  const entries = api.useQuery('get', '/counts/{id}/entries', {
    params: { path: { id: count.id }, query: { line: line.line, limit: 100, sort: 'id' } },
  });
  return (
    <Dialog title={t.entriesOf(nameWithSize(line))} onClose={onClose}>
      {entries.error && <ErrorNote error={entries.error} retry={() => void entries.refetch()} />}
      {!entries.data && !entries.error && <LoadingPage />}
      {entries.data && entries.data.items.length === 0 && <Text size="sm">{t.noEntries}</Text>}
      {entries.data && entries.data.items.length > 0 && (
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t.countedAt}</Table.Th>
              <Table.Th>{t.by}</Table.Th>
              <Table.Th ta="right">{texts.common.quantity}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {entries.data.items.map((entry) => (
              <Table.Tr key={entry.id}>
                <Table.Td>
                  <DateTime at={entry.counted_at} />
                </Table.Td>
                <Table.Td>
                  <Actor actor={entry.actor} />
                </Table.Td>
                <Table.Td ta="right" className="figures">
                  {entry.add ? `+${quantity(entry.quantity)}` : quantity(entry.quantity)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Dialog>
  );
}
