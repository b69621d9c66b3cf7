import { Alert, Button } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';

import { api } from '../../api/client';
import { texts } from '../../texts';
import { DayFilter, FilterBar } from '../../ui/filters';
import { useFormats } from '../../ui/format';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { nameWithSize } from '../../ui/product';
import { EmptyState } from '../../ui/states';
import { DataTable, type Column } from '../../ui/table';
import { Ago, CodeText, Quantity } from '../../ui/values';
import { pathTo } from '../paths';
import { LevelActions, useLevelAction } from './LevelActions';
import { usePlaceName, type Level } from './level';
import classes from './stock.module.css';

const t = texts.stock;

/** Every level, one row for each variant and place, the lowest first, now or at a time in the past. */
export default function LevelsPage() {
  const { moment, dateTime } = useFormats();
  const list = useListState('/inventory', { sort: 'available_quantity' });
  const asOf = moment(list.value('at'));
  const query = asOf === null ? list.query : { ...list.query, as_of: asOf };
  const levels = api.useQuery('get', '/inventory', { params: { query } }, { placeholderData: keepPreviousData });
  const action = useLevelAction();
  const placeName = usePlaceName();

  const columns: Column<Level>[] = [
    {
      title: t.product,
      sort: 'product_name',
      cell: (level) => (
        <>
          <span className={classes.name}>{nameWithSize(level)}</span>
          <span className={classes.sku}>
            <CodeText>{level.sku}</CodeText>
          </span>
        </>
      ),
    },
    { title: t.place, cell: (level) => placeName(level.location_id, level.location_code) },
    { title: t.available, sort: 'available_quantity', align: 'right', cell: (level) => <Quantity value={level.available_quantity} /> },
    { title: t.reserved, sort: 'reserved_quantity', align: 'right', cell: (level) => <Quantity value={level.reserved_quantity} /> },
    { title: t.inStock, sort: 'stock_quantity', align: 'right', cell: (level) => <Quantity value={level.stock_quantity} /> },
    { title: t.onHand, align: 'right', cell: (level) => <Quantity value={level.on_hand_quantity} /> },
    { title: t.quarantined, align: 'right', phone: 'hidden', cell: (level) => <Quantity value={level.quarantined_quantity} /> },
    { title: t.incoming, align: 'right', phone: 'hidden', cell: (level) => <Quantity value={level.incoming_quantity} /> },
    { title: t.changed, sort: 'updated_at', phone: 'hidden', cell: (level) => <Ago at={level.updated_at} /> },
    ...(asOf === null
      ? [
          {
            title: t.actions,
            phone: 'side' as const,
            align: 'right' as const,
            isInteractive: true,
            cell: (level: Level) => <LevelActions level={level} onAction={action.open} />,
          },
        ]
      : []),
  ];

  return (
    <>
      <PageHeader title={t.levelsPanel} />
      <div className="panel">
        <FilterBar>
          <DayFilter list={list} name="at" label={t.asOf} withTime />
          {asOf !== null && (
            <Button variant="default" onClick={() => list.set({ at: '' })}>
              {t.asOfNow}
            </Button>
          )}
        </FilterBar>
        {asOf !== null && (
          <Alert color="blue" variant="light" icon={<IconHistory size={18} />} className={classes.past}>
            {t.asOfNote(dateTime(asOf))}
          </Alert>
        )}
        <DataTable
          label={t.levelsPanel}
          query={levels}
          list={list}
          columns={columns}
          rowKey={(level) => `${level.variant_id} ${level.location_id}`}
          rowLink={(level) => pathTo.product(level.product_id)}
          empty={<EmptyState title={t.levelsEmpty} />}
        />
      </div>
      {action.dialog}
    </>
  );
}
