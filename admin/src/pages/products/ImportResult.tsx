import { Alert, Badge, Button, Group, Progress, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconDownload } from '@tabler/icons-react';
import { keepPreviousData } from '@tanstack/react-query';
import { useState } from 'react';

import { api, type Schemas } from '../../api/client';
import { download } from '../../api/download';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { WriteProblem } from '../../ui/dialog';
import { useFormats } from '../../ui/format';
import { useListState } from '../../ui/list-state';
import { notifyProblem } from '../../ui/notify';
import { Panel } from '../../ui/page';
import { EmptyState, ErrorNote, LoadingPage, messageOf } from '../../ui/states';
import { DataTable, type Column } from '../../ui/table';
import { importRequest, refusalsOf, type ChosenFile } from './ImportForm';
import classes from './import.module.css';

const t = texts.stock;
const POLL_MS = 700;
type Import = Schemas['ImportResponse'];
type Row = Schemas['ImportRowResponse'];

interface ImportResultProps {
  id: number;
  /** The file, if it was chosen on this page; a reload forgets it. */
  file: ChosenFile | null;
  onImported: (id: number) => void;
}

/** What became of the rows of a file: of a check, or of the import itself, which goes on by itself. */
export function ImportResult({ id, file, onImported }: ImportResultProps) {
  const result = api.useQuery(
    'get',
    '/imports/{id}',
    { params: { path: { id } } },
    { refetchInterval: (query) => (query.state.data?.state === 'running' ? POLL_MS : false) },
  );
  const { data } = result;
  const title = data && !data.dry_run ? t.importResult : t.checkResult;
  return (
    <Panel title={title} action={data && <StateBadge result={data} />}>
      {result.error && <ErrorNote error={result.error} retry={() => void result.refetch()} />}
      {!data && !result.error && <LoadingPage />}
      {data && (
        <Stack gap="md">
          <Summary result={data} />
          <Figures result={data} />
          {data.state !== 'running' && data.dry_run && <ImportNow check={data} file={file} onImported={onImported} />}
          {data.refused > 0 && data.state !== 'running' && <Refused result={data} />}
        </Stack>
      )}
    </Panel>
  );
}

function StateBadge({ result }: { result: Import }) {
  const color = result.state === 'running' ? 'blue' : result.state === 'failed' || result.refused > 0 ? 'yellow' : 'teal';
  return <Badge color={color}>{t.importStates[result.state]}</Badge>;
}

function Summary({ result }: { result: Import }) {
  const { quantity } = useFormats();
  if (result.state === 'running') {
    const share = result.rows > 0 ? (100 * result.processed) / result.rows : 0;
    return (
      <div role="status">
        <Progress value={share} aria-label={t.importStates.running} />
        <Text size="sm" mt={4} className="figures">
          {t.importRunning(quantity(result.processed), quantity(result.rows))}
        </Text>
      </div>
    );
  }
  if (result.dry_run) return <Text size="sm">{t.checkNote}</Text>;
  const isGood = result.state === 'done';
  return (
    <Alert
      color={isGood ? 'teal' : 'red'}
      variant="light"
      role="status"
      icon={isGood ? <IconCircleCheck size={18} /> : <IconAlertTriangle size={18} />}
    >
      {isGood ? t.importDone : t.importFailed}
    </Alert>
  );
}

function Figures({ result }: { result: Import }) {
  const { quantity } = useFormats();
  const figures: [string, number][] = [
    [t.rowsAll, result.rows],
    [t.rowsCreated, result.created],
    [t.rowsUpdated, result.updated],
    [t.rowsUnchanged, result.unchanged],
    [t.rowsRefused, result.refused],
  ];
  return (
    <dl className={classes.figures}>
      {figures.map(([name, value]) => (
        <div key={name} data-refused={(name === t.rowsRefused && value > 0) || undefined}>
          <dt>{name}</dt>
          <dd>{quantity(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Sends the checked file again, this time for real. */
function ImportNow({ check, file, onImported }: { check: Import; file: ChosenFile | null; onImported: (id: number) => void }) {
  const { quantity } = useFormats();
  const write = useWrite('post', '/imports', { onDone: (result) => onImported(result.id) });
  const count = check.on_error === 'stop' && check.refused > 0 ? 0 : check.created + check.updated;
  if (count === 0) return <Text size="sm">{check.on_error === 'stop' && check.refused > 0 ? t.importFailed : t.importNothing}</Text>;
  if (!file) return <Text size="sm">{t.importGone}</Text>;
  return (
    <div>
      {write.state === 'unknown' ? (
        <Button onClick={() => void write.retry()}>{texts.common.checkAgain}</Button>
      ) : (
        <Button loading={write.isSending || write.state === 'done'} onClick={() => void write.send(importRequest(file, false))}>
          {t.importNow(quantity(count))}
        </Button>
      )}
      <WriteProblem write={write} unplaced={refusalsOf(write.problem)} />
    </div>
  );
}

const COLUMNS: Column<Row>[] = [
  { title: t.row, cell: (row) => <span className="figures">{row.row}</span> },
  { title: t.key, phone: 'side', cell: (row) => <span className="code">{row.key}</span> },
  {
    title: t.mistake,
    cell: (row) => (
      <ul className={classes.errors}>
        {row.errors.map(({ field, message }) => (
          <li key={`${field} ${message}`}>
            {field && <strong>{field}: </strong>}
            {message}
          </li>
        ))}
      </ul>
    ),
  },
];

function Refused({ result }: { result: Import }) {
  const list = useListState('/imports/{id}/rows', { sort: 'row', always: { result: 'refused' } });
  const rows = api.useQuery(
    'get',
    '/imports/{id}/rows',
    { params: { path: { id: result.id }, query: list.query } },
    { placeholderData: keepPreviousData },
  );
  const [isLoading, setIsLoading] = useState(false);
  const save = async () => {
    setIsLoading(true);
    await download(`/imports/${result.id}/refused.csv`, `refused-${result.id}.csv`).catch((error: unknown) => notifyProblem(messageOf(error)));
    setIsLoading(false);
  };
  return (
    <section className={classes.refused}>
      <Group justify="space-between" gap="xs" p="sm">
        <div>
          <h3>{t.refusedRows}</h3>
          <Text size="xs" c="dimmed">
            {t.downloadHint}
          </Text>
        </div>
        <Button variant="default" size="xs" loading={isLoading} leftSection={<IconDownload size={14} aria-hidden />} onClick={() => void save()}>
          {t.downloadRefused}
        </Button>
      </Group>
      <DataTable
        label={t.refusedRows}
        query={rows}
        list={list}
        columns={COLUMNS}
        rowKey={(row) => String(row.row)}
        empty={<EmptyState title={t.refusedNone} />}
      />
    </section>
  );
}
