import { Button, FileInput, Group, Radio, Select, Stack, Text } from '@mantine/core';
import { IconFileSpreadsheet } from '@tabler/icons-react';
import { useState } from 'react';

import type { ApiProblem } from '../../api/problem';
import { upload } from '../../api/upload';
import { useWrite, type WriteRequest } from '../../api/use-write';
import { texts } from '../../texts';
import { WriteProblem } from '../../ui/dialog';
import { Panel } from '../../ui/page';
import type { ImportKind } from './ImportPage';
import classes from './import.module.css';

const t = texts.stock;
const MAX_BYTES = 10 * 1024 * 1024;

/** A file with what it holds and what a mistake means. */
export interface ChosenFile {
  file: File;
  kind: ImportKind;
  onError: 'skip' | 'stop';
}

interface ImportFormProps {
  kinds: ImportKind[];
  file: ChosenFile | null;
  onChoose: (file: ChosenFile | null) => void;
  onChecked: (id: number) => void;
}

/** The request of an import. The file goes as it is, so that the server sees the bytes that were saved. */
export function importRequest({ file, kind, onError }: ChosenFile, isDryRun: boolean): WriteRequest<'post', '/imports'> {
  return {
    params: { query: { kind, on_error: onError, dry_run: isDryRun } },
    headers: { 'Content-Type': /\.json$/i.test(file.name) ? 'application/json' : 'text/csv' },
    body: file as never,
    bodySerializer: (body: unknown) => body as never,
    fetch: upload,
  } as never;
}

/** Why a file as a whole is refused. What is not about a column has no name. */
export function refusalsOf(problem: ApiProblem | null): string[] {
  return (problem?.fields ?? []).map(({ field, message }) => (field ? `${field}: ${message}` : message));
}

export function ImportForm({ kinds, file: chosen, onChoose, onChecked }: ImportFormProps) {
  const [kind, setKind] = useState<ImportKind>(kinds[0] as ImportKind);
  const [onError, setOnError] = useState<'skip' | 'stop'>('skip');
  const [error, setError] = useState<string | null>(null);
  const check = useWrite('post', '/imports', { invalidates: [], onDone: (result) => onChecked(result.id) });

  const choose = (changes: Partial<ChosenFile>) => {
    const next = { file: chosen?.file, kind, onError, ...changes };
    setKind(next.kind);
    setOnError(next.onError);
    check.reset();
    onChoose(next.file ? { file: next.file, kind: next.kind, onError: next.onError } : null);
  };
  const take = (file: File | null) => {
    const problem = file === null ? null : /\.(xlsx?|ods|numbers)$/i.test(file.name) ? t.notCsv : file.size > MAX_BYTES ? t.tooLarge : null;
    setError(problem);
    choose({ file: problem === null ? (file ?? undefined) : undefined });
  };

  return (
    <Panel title={t.import}>
      <Stack gap="sm" maw={720}>
        <div className={classes.fields}>
          <Select
            label={t.importKind}
            data={kinds.map((value) => ({ value, label: t.importKinds[value] }))}
            value={kind}
            onChange={(value) => value && choose({ kind: value as ImportKind })}
            comboboxProps={{ shadow: 'md' }}
          />
          <FileInput
            label={t.file}
            placeholder={t.chooseFile}
            accept=".csv,.txt,.tsv,.json,text/csv,application/json"
            leftSection={<IconFileSpreadsheet size={16} aria-hidden />}
            value={chosen?.file ?? null}
            onChange={take}
            error={error}
            clearable
            clearButtonProps={{ 'aria-label': texts.common.clear }}
          />
        </div>
        <Text size="sm" c="dimmed">
          {t.importColumns[kind]} {t.importRules} {t.fileHint}
        </Text>
        <Radio.Group label={t.onError} value={onError} onChange={(value) => choose({ onError: value as 'skip' | 'stop' })}>
          <Group gap="md" mt={4}>
            <Radio value="skip" label={t.onErrors.skip} />
            <Radio value="stop" label={t.onErrors.stop} />
          </Group>
        </Radio.Group>
        <WriteProblem write={check} unplaced={refusalsOf(check.problem)} />
        <Group gap="xs">
          {check.state === 'unknown' ? (
            <Button onClick={() => void check.retry()}>{texts.common.checkAgain}</Button>
          ) : (
            <Button disabled={!chosen} loading={check.isSending} onClick={() => chosen && void check.send(importRequest(chosen, true))}>
              {t.dryRun}
            </Button>
          )}
        </Group>
      </Stack>
    </Panel>
  );
}
