import { Button, List, Loader, Text } from '@mantine/core';
import { IconCircleCheck, IconExclamationCircle, IconRefresh } from '@tabler/icons-react';

import { api } from '../../api/client';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { Panel } from '../../ui/page';
import { ErrorNote } from '../../ui/states';
import classes from './today.module.css';

const t = texts.today;

/** Whether the ledger balances. The check reads the whole stock, so it is not repeated with each event. */
export function Ledger() {
  const { quantity } = useFormats();
  const check = api.useQuery('get', '/inventory/verify', {}, { staleTime: 10 * 60_000, refetchOnWindowFocus: false });
  const { data } = check;
  return (
    <Panel
      title={t.ledger}
      action={
        <Button
          variant="default"
          size="xs"
          leftSection={<IconRefresh size={14} aria-hidden />}
          onClick={() => void check.refetch()}
          loading={check.isFetching}
        >
          {t.ledgerCheck}
        </Button>
      }
    >
      {check.error && <ErrorNote error={check.error} />}
      {!data && !check.error && (
        <div className={classes.ledger}>
          <Loader size={16} aria-hidden />
          <Text size="sm" c="dimmed">
            {t.ledgerChecking}
          </Text>
        </div>
      )}
      {data && (
        <div className={classes.ledger} data-broken={!data.ok || undefined} role="status">
          {data.ok ? <IconCircleCheck size={20} aria-hidden /> : <IconExclamationCircle size={20} aria-hidden />}
          <Text size="sm">{data.ok ? t.ledgerOk(quantity(data.checked)) : t.ledgerBroken(quantity(data.violations.length))}</Text>
        </div>
      )}
      {data && !data.ok && (
        <List size="sm" mt="xs">
          {data.violations.map((violation, index) => (
            <List.Item key={index}>{`${violation.rule}: ${violation.row}`}</List.Item>
          ))}
        </List>
      )}
    </Panel>
  );
}
