import { Alert, Button, List } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';

import { texts } from '../../texts';
import { useActorName } from '../../ui/actor';
import { useFormats } from '../../ui/format';
import { statusText } from '../../ui/status';
import type { Inbound } from './document';

const t = texts.inbound;

interface Props {
  seen: Inbound;
  current: Inbound;
  onAccept: () => void;
}

/** Shows what another user has changed in the document in the meantime. */
export function ChangedMeanwhile({ seen, current, onAccept }: Props) {
  const { quantity, time } = useFormats();
  const nameOf = useActorName();
  const known = new Set(seen.receipts.map(({ receipt_number }) => receipt_number));
  const receipts = current.receipts.filter(({ receipt_number }) => !known.has(receipt_number));
  const acts = current.history.slice(seen.history.length);
  return (
    <Alert color="yellow" title={t.changedTitle} icon={<IconUsers size={18} />} role="alert">
      <List size="sm" spacing={2}>
        {receipts.map((receipt) => {
          const units = receipt.lines.reduce((sum, line) => sum + line.accepted_quantity + line.rejected_quantity, 0);
          const text = receipt.reverses ? t.changedReversal : t.changedReceipt;
          return (
            <List.Item key={receipt.receipt_number}>
              {text(nameOf(receipt.actor), quantity(units), receipt.receipt_number, time(receipt.created_at))}
            </List.Item>
          );
        })}
        {acts.map((act, index) => (
          <List.Item key={index}>{t.changedStatus(nameOf(act.actor), statusText('inbound', act.to), time(act.at))}</List.Item>
        ))}
        {receipts.length === 0 && acts.length === 0 && <List.Item>{t.changedOtherwise}</List.Item>}
      </List>
      <Button size="compact-sm" variant="default" mt="xs" onClick={onAccept}>
        {t.goOn}
      </Button>
    </Alert>
  );
}
