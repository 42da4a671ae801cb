import { Column, CreateDateColumn, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { type Currency, Deal } from '../deals/deal.entity.js';

@Entity('payments')
export class Payment {
  @PrimaryGeneratedColumn()
  id!: number;

  /** What the bank calls it: the same payment is never taken twice. */
  @Column({ unique: true })
  reference!: string;

  @Column({ type: 'integer' })
  amountCents!: number;

  @Column({ type: 'varchar' })
  currency!: Currency;

  @Column()
  dealId!: number;

  @ManyToOne(() => Deal, { nullable: false })
  @JoinColumn({ name: 'dealId' })
  deal!: Deal;

  @CreateDateColumn()
  createdAt!: Date;
}
