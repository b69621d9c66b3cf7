import { Button, Group, Text } from '@mantine/core';

import type { Schemas } from '../../api/client';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { ConfirmDialog, Dialog, WriteProblem } from '../../ui/dialog';
import { useFormats } from '../../ui/format';
import { StatusBadge } from '../../ui/status';
import { CodeText, DateTime } from '../../ui/values';
import classes from './settings.module.css';

const t = texts.settings;

type Delivery = Schemas['WebhookDeliveryResponse'];
type Attempt = Schemas['WebhookAttemptResponse'];

/** A delivery with its attempts. What a receiver answered is text of somebody else: it is never more than text here. */
export function DeliveryDialog({ webhookId, delivery, onClose }: { webhookId: number; delivery: Delivery; onClose: () => void }) {
  const write = useWrite('post', '/webhooks/{id}/replay', { done: t.replayed, invalidates: ['/webhooks'] });
  const replay = () => (write.state === 'unknown' ? write.retry() : write.send({ params: { path: { id: webhookId } }, body: { delivery_id: delivery.id } }));
  return (
    <Dialog title={t.deliveryOf(delivery.type)} size="lg" onClose={write.isSending ? () => undefined : onClose}>
      <Group gap="sm" mb="sm">
        <StatusBadge of="delivery" status={delivery.state} />
        <CodeText>{delivery.event_id}</CodeText>
      </Group>
      {delivery.attempts.length === 0 && <Text size="sm">{t.noAttempts}</Text>}
      {delivery.attempts.map((attempt, index) => (
        <AttemptPart key={attempt.at} attempt={attempt} number={index + 1} />
      ))}
      <WriteProblem write={write} />
      <Group justify="flex-end" mt="md" gap="xs">
        <Button variant="default" onClick={onClose} disabled={write.isSending}>
          {texts.common.close}
        </Button>
        {/* The event of a test is not in the feed, so it cannot be sent again. */}
        {delivery.type !== 'webhook.test' && (
          <Button loading={write.isSending || write.state === 'done'} onClick={() => void replay().then((answer) => answer !== null && onClose())}>
            {write.state === 'unknown' ? texts.common.checkAgain : t.replay}
          </Button>
        )}
      </Group>
    </Dialog>
  );
}

function AttemptPart({ attempt, number }: { attempt: Attempt; number: number }) {
  const { quantity } = useFormats();
  const outcome = attempt.status === null ? (attempt.error ? t.attemptErrors[attempt.error] : t.noAnswer) : t.answered(String(attempt.status));
  return (
    <section className={classes.attempt} aria-label={t.attempt(String(number))}>
      <Text size="sm" component="div" className={classes.facts}>
        <b>{t.attempt(String(number))}</b>
        <DateTime at={attempt.at} />
        <span>{outcome}</span>
        <span className="figures">{t.milliseconds(quantity(attempt.duration_ms))}</span>
      </Text>
      {attempt.answer && (
        <pre className={classes.answer} tabIndex={0} aria-label={t.answerOf(String(number))}>
          {attempt.answer}
        </pre>
      )}
    </section>
  );
}

export function SendTest({ webhook, onClose }: { webhook: Schemas['WebhookResponse']; onClose: () => void }) {
  const write = useWrite('post', '/webhooks/{id}/test', { done: t.testSent, invalidates: ['/webhooks'] });
  return (
    <ConfirmDialog title={t.sendTest} write={write} request={{ params: { path: { id: webhook.id } } }} confirm={t.sendTest} onClose={onClose}>
      {t.sendTestText(webhook.url)}
    </ConfirmDialog>
  );
}
