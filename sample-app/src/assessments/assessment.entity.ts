import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
} from 'typeorm';
import { Deal } from '../deals/deal.entity.js';

/** How likely a deal is to be won, in the opinion of somebody. */
@Entity('assessments')
export class Assessment {
  @PrimaryGeneratedColumn()
  id!: number;

  @Index()
  @Column()
  dealId!: number;

  @ManyToOne(() => Deal, { nullable: false })
  @JoinColumn({ name: 'dealId' })
  deal!: Deal;

  /** From 0, hopeless, to 100, as good as won. */
  @Column({ type: 'integer' })
  score!: number;

  @Column({ default: '' })
  note!: string;

  @CreateDateColumn()
  createdAt!: Date;
}
