import { Column, Entity, JoinColumn, OneToOne, PrimaryGeneratedColumn } from 'typeorm';
import { Deal } from '../deals/deal.entity.js';

export const LEAD_SOURCES = ['website', 'referral', 'event'] as const;
export type LeadSource = (typeof LEAD_SOURCES)[number];

export type LeadStatus = 'new' | 'converted';

@Entity('leads')
export class Lead {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column()
  company!: string;

  @Column()
  email!: string;

  @Column({ type: 'varchar' })
  source!: LeadSource;

  @Column({ type: 'varchar', default: 'new' })
  status!: LeadStatus;

  @Column({ type: 'integer', nullable: true })
  dealId!: number | null;

  /** What became of it. */
  @OneToOne(() => Deal, { nullable: true })
  @JoinColumn({ name: 'dealId' })
  deal!: Deal | null;
}
