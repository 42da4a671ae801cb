import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
} from 'typeorm';
import { User } from '../users/user.entity.js';

export const DEAL_STAGES = ['open', 'won', 'lost'] as const;
export type DealStage = (typeof DEAL_STAGES)[number];

export const CURRENCIES = ['EUR', 'USD', 'GBP'] as const;
export type Currency = (typeof CURRENCIES)[number];

@Entity('deals')
export class Deal {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column()
  title!: string;

  @Index()
  @Column({ type: 'varchar', default: 'open' })
  stage!: DealStage;

  @Column({ type: 'integer' })
  amountCents!: number;

  @Column({ type: 'integer', default: 0 })
  paidCents!: number;

  @Column({ type: 'varchar' })
  currency!: Currency;

  @Column()
  ownerId!: number;

  @ManyToOne(() => User, { nullable: false })
  @JoinColumn({ name: 'ownerId' })
  owner!: User;

  @CreateDateColumn()
  createdAt!: Date;
}
